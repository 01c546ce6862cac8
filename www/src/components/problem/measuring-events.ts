/** What can be done about a table of measurements. */
export interface MeasuringEvents {
  readonly onmeasure: () => void;
  readonly oncancel: () => void;
  readonly onopen: (file: File) => void;
}
