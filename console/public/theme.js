// Runs before the first paint, so that someone who chose dark is never shown a white flash.
const theme = localStorage.getItem('firebreak.theme')
if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
