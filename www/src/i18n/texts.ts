import { createContext } from 'svelte';
import type { NumberFormat } from '../format/numbers';
import type { Text } from '../protocol/generated/Text';
import type { Catalog } from './en';
import type { Language } from './language';

/** The page's language, as components and charts use it. */
export interface Texts {
  readonly language: Language;
  readonly t: Catalog;
  readonly format: NumberFormat;
  /** A member's own text. */
  readonly textOf: (text: Text) => string;
}

/** The language, for every component below the one that sets it. */
export const [getTexts, setTexts] = createContext<Texts>();
