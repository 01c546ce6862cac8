/** Width of a letter where nothing can be measured, generously. */
const LETTER = 6.5;
/** As in `app.css` for the text of a drawing. */
const FONT_SIZE = '11px';

/** Measures text as drawings have it; to be made once the page has its styles. */
export function textMeasure(): (text: string) => number {
  const context = document.createElement('canvas').getContext('2d');
  if (context === null) {
    return (text) => text.length * LETTER;
  }
  context.font = `${FONT_SIZE} ${getComputedStyle(document.body).fontFamily}`;
  return (text) => context.measureText(text).width;
}
