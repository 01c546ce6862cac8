/** What stands between the parts of a label. */
const SEPARATOR = ' · ';

/**
 * A label's parts on as few lines as hold them; a part that is too long for a line is broken between its
 * words.
 */
export function wrapLabel(parts: readonly string[], fits: (line: string) => boolean): string[] {
  return wrap(
    parts.flatMap((part) => (fits(part) ? [part] : wrap(part.split(' '), ' ', fits))),
    SEPARATOR,
    fits,
  );
}

function wrap(pieces: readonly string[], separator: string, fits: (line: string) => boolean): string[] {
  return pieces.reduce<string[]>((lines, piece) => {
    const longer = lines.length === 0 ? piece : `${lines.at(-1) ?? ''}${separator}${piece}`;
    return lines.length > 0 && !fits(longer) ? [...lines, piece] : [...lines.slice(0, -1), longer];
  }, []);
}
