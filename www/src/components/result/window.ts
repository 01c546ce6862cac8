/** Height of a row of the table in pixels; the rows' styles say the same. */
export const ROW_HEIGHT = 28;
/** Rows kept above and below what is seen, so that scrolling shows no gaps. */
const SPARE_ROWS = 6;

/** Which rows to build for what is seen of a long table. */
export function windowOf(count: number, scrollTop: number, height: number): { first: number; end: number } {
  const seen = Math.ceil(height / ROW_HEIGHT);
  const top = Math.min(Math.floor(scrollTop / ROW_HEIGHT), Math.max(0, count - seen));
  return { first: Math.max(0, top - SPARE_ROWS), end: Math.min(count, top + seen + SPARE_ROWS) };
}
