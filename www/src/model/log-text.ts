import type { LogLine } from '../protocol/generated/LogLine';

/** The format of the log that this page can show. */
const FORMAT = 1;

/** The lines of a log that was kept; null if it is none, or of a format that this page does not know. */
export function readLog(text: string): LogLine[] | null {
  try {
    const lines = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LogLine);
    const [first] = lines;
    return first?.line === 'run' && first.format === FORMAT ? lines : null;
  } catch {
    return null;
  }
}
