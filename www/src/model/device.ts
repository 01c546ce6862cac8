/**
 * A device's figures as the lecture's table has them; "–" where it has none.
 */
import type { NumberFormat } from '../format/numbers';
import type { Catalog } from '../i18n/en';
import type { Language } from '../i18n/language';
import type { Device } from '../protocol/generated/Device';

/** Below this a power is given in milliwatts. */
const ONE_WATT = 1;

export function computeText({ compute }: Device, t: Catalog, format: NumberFormat): string {
  return compute === null
    ? t.problem.none
    : format.quantity(compute.operations_per_second, `${compute.operation}/s`);
}

export function memoryText({ memory }: Device, t: Catalog, format: NumberFormat): string {
  return memory.kind === 'unified'
    ? format.bytes(memory.bytes)
    : t.problem.ramFlash(format.memory(memory.ram_bytes), format.memory(memory.flash_bytes));
}

export function powerText({ power }: Device, t: Catalog, format: NumberFormat): string {
  if (power === null) {
    return t.problem.none;
  }
  const text =
    power.watts < ONE_WATT ? `${format.short(power.watts * 1000)} mW` : `${format.short(power.watts)} W`;
  return power.is_approximate ? `~${text}` : text;
}

export function priceText({ cost_usd }: Device, t: Catalog, language: Language): string {
  if (cost_usd === null) {
    return t.problem.none;
  }
  const isWhole = Number.isInteger(cost_usd);
  return new Intl.NumberFormat(language, {
    style: 'currency',
    currency: 'USD',
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: isWhole ? 0 : 2,
    maximumFractionDigits: isWhole ? 0 : 2,
  }).format(cost_usd);
}
