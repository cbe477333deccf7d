"""All Streamlit that the pages share."""
