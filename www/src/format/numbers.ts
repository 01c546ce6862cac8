/**
 * Numbers as people read them: grouped, rounded to what is known, with a unit.
 */
import type { Language } from '../i18n/language';
import type { Objective } from '../protocol/generated/Objective';

const BYTES_PER_KILOBYTE = 1024;
/** Up to here bytes are written out: on a chip with 2 KB every byte counts. */
const BYTES_WRITTEN_OUT = 10_000;
/** Integers with more digits than this are shown as a power of ten. */
const DIGITS_WRITTEN_OUT = 15;
const SIGNIFICANT_DIGITS = 3;
const THIN_SPACE = '\u202f';
const DIVISION_SPACE = '\u00a0';

const SI_PREFIXES = ['', 'k', 'M', 'G', 'T', 'P'] as const;
/** Units of time from seconds downwards, for what is given in milliseconds. */
const TIME_UNITS = [
  { unit: 's', milliseconds: 1000 },
  { unit: 'ms', milliseconds: 1 },
  { unit: 'µs', milliseconds: 1e-3 },
  { unit: 'ns', milliseconds: 1e-6 },
] as const;
const ENERGY_UNITS = [
  { unit: 'J', millijoules: 1000 },
  { unit: 'mJ', millijoules: 1 },
  { unit: 'µJ', millijoules: 1e-3 },
  { unit: 'nJ', millijoules: 1e-6 },
] as const;

export class NumberFormat {
  readonly #whole: Intl.NumberFormat;
  readonly #short: Intl.NumberFormat;
  readonly #percents: readonly Intl.NumberFormat[];
  readonly #points: Intl.NumberFormat;

  constructor(readonly language: Language) {
    this.#whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
    this.#short = new Intl.NumberFormat(language, { maximumSignificantDigits: SIGNIFICANT_DIGITS });
    this.#percents = [0, 1].map(
      (digits) =>
        new Intl.NumberFormat(language, {
          style: 'percent',
          minimumFractionDigits: digits,
          maximumFractionDigits: digits,
        }),
    );
    this.#points = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  }

  /** A whole number: 4,251,528. */
  whole(value: number): string {
    return this.#whole.format(value);
  }

  /** A whole number of any size, given as decimal digits: 4,251,528 or 1.23 × 10³⁰. */
  digits(decimal: string): string {
    if (decimal.length <= DIGITS_WRITTEN_OUT) {
      return this.#whole.format(BigInt(decimal));
    }
    const mantissa = Number(`${decimal.slice(0, 1)}.${decimal.slice(1, SIGNIFICANT_DIGITS)}`);
    return `${this.#short.format(mantissa)} × 10${superscript(decimal.length - 1)}`;
  }

  /** A number with three significant digits. */
  short(value: number): string {
    return this.#short.format(value);
  }

  /** A share as a percentage: 94.6 %. */
  percent(share: number, fractionDigits: 0 | 1 = 1): string {
    return (this.#percents[fractionDigits] as Intl.NumberFormat).format(share);
  }

  /** A difference of shares in percentage points, without a unit: 0.7. */
  points(share: number): string {
    return this.#points.format(share * 100);
  }

  /** Bytes; 1 KB is 1,024 bytes, as in data sheets. */
  bytes(bytes: number): string {
    return Math.abs(bytes) < BYTES_WRITTEN_OUT
      ? `${this.#whole.format(bytes)}${DIVISION_SPACE}B`
      : this.memory(bytes);
  }

  /** The size of a memory in its largest unit: 2 KB. */
  memory(bytes: number): string {
    const units = ['KB', 'MB', 'GB'] as const;
    let value = bytes / BYTES_PER_KILOBYTE;
    let unit = 0;
    while (value >= BYTES_PER_KILOBYTE && unit < units.length - 1) {
      value /= BYTES_PER_KILOBYTE;
      unit += 1;
    }
    return `${this.#short.format(value)}${DIVISION_SPACE}${units[unit] ?? ''}`;
  }

  /** A count with an SI prefix: 30.9 k. */
  count(value: number): string {
    return this.quantity(value, '');
  }

  /** A number of units with an SI prefix: 16 MOP/s. */
  quantity(value: number, unit: string): string {
    const power = value < 1000 ? 0 : Math.min(SI_PREFIXES.length - 1, Math.floor(Math.log10(value) / 3));
    const digits = this.#short.format(value / 1000 ** power);
    const suffix = (SI_PREFIXES[power] ?? '') + unit;
    return suffix === '' ? digits : `${digits}${THIN_SPACE}${suffix}`;
  }

  milliseconds(value: number): string {
    const chosen = TIME_UNITS.find(({ milliseconds }) => value >= milliseconds) ?? TIME_UNITS[1];
    return `${this.#short.format(value / chosen.milliseconds)}${DIVISION_SPACE}${chosen.unit}`;
  }

  millijoules(value: number): string {
    const chosen = ENERGY_UNITS.find(({ millijoules }) => value >= millijoules) ?? ENERGY_UNITS[1];
    return `${this.#short.format(value / chosen.millijoules)}${DIVISION_SPACE}${chosen.unit}`;
  }

  /** Minutes and seconds: 1:07. */
  elapsed(milliseconds: number): string {
    const seconds = Math.floor(milliseconds / 1000);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  }

  /** What the ticks of a cost axis count that goes so far: ones, or 1024 bytes and their powers. */
  tickUnit(axis: Objective, greatest: number): number {
    const isBytes = axis === 'ram' || axis === 'flash' || axis === 'memory';
    return isBytes && greatest >= BYTES_WRITTEN_OUT
      ? BYTES_PER_KILOBYTE ** Math.max(1, Math.floor(Math.log2(greatest) / Math.log2(BYTES_PER_KILOBYTE)))
      : 1;
  }

  /** A cost at a tick of an axis with this unit. */
  tick(axis: Objective, value: number, unit: number): string {
    return value === 0 ? '0' : unit === 1 ? this.cost(axis, value) : this.memory(value);
  }

  /** A cost in the unit of its axis. */
  cost(axis: Objective, value: number): string {
    switch (axis) {
      case 'latency':
        return this.milliseconds(value);
      case 'energy':
        return this.millijoules(value);
      case 'ram':
      case 'flash':
      case 'memory':
        return this.bytes(value);
      case 'macs':
      case 'flops':
      case 'params':
        return this.count(value);
      case 'area':
        return `${this.#short.format(value)}${DIVISION_SPACE}mm²`;
    }
  }
}

const FORMATS = new Map<Language, NumberFormat>();

export function numberFormat(language: Language): NumberFormat {
  let format = FORMATS.get(language);
  if (format === undefined) {
    format = new NumberFormat(language);
    FORMATS.set(language, format);
  }
  return format;
}

function superscript(value: number): string {
  return String(value).replace(/\d/g, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'.charAt(Number(digit)));
}
