"""Your data: upload them, see how they were read, say what their columns are, save and open them."""

import streamlit as st

from latentlab.settings import FOR_LOOKING, is_read_only
from pages.navigation import YOUR_DATA
from pages.shared.deletion import undo
from pages.shared.header import notes, title_line
from pages.your_data.gallery import gallery
from pages.your_data.saved import just_saved, saved
from pages.your_data.upload import upload

title_line(YOUR_DATA)
undo()
if is_read_only():
    st.info(FOR_LOOKING, icon=":material/visibility:")
    saved()
else:
    left, right = st.columns([2, 1], gap="large")
    with left:
        just_saved()
        upload()
    with right:
        saved()
gallery()
notes(
    "What was read of your files, in sentences: how many examples, what was converted, dropped and skipped; the first "
    "examples; and of a table what each column is for. The list has all data that are saved. Below, any data "
    "of images by class, and groups of alike ones within a class.",
    "Upload a table and say which column is the class; open the map, and colour it by another column. Upload a zip "
    "with a folder of images for each class. Look at the sketches: how many kinds of moon are there?",
    "A column that isn't part of the vector is kept to colour by. A tenth each is held out for validation and "
    "testing, of files of Quick, Draw! 7.5 % and 22.5 %, the same every time. Saved data stay in the folder of your "
    "runs until you delete them.",
)
