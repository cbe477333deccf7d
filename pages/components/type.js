// How much larger the page's type is than usual: more while one presents.
const typeScale = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
