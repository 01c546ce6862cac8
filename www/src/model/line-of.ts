/** The line of which the engine says something is wrong there, from 1; null if it names none. */
export function lineOf(message: string): number | null {
  const line = /\bline (\d+)\b/.exec(message)?.[1];
  return line === undefined ? null : Number(line);
}
