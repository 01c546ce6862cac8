import type { Text } from '../protocol/generated/Text';
import { type Catalog, en } from './en';
import { es } from './es';

export const LANGUAGES = ['en', 'es'] as const;
export type Language = (typeof LANGUAGES)[number];

const CATALOGS: Readonly<Record<Language, Catalog>> = { en, es };

export function catalogOf(language: Language): Catalog {
  return CATALOGS[language];
}

/** The language of a tag such as `es-CO`, if the page speaks it. */
export function languageOf(tag: string | null | undefined): Language | undefined {
  const primary = tag?.toLowerCase().split('-')[0];
  return LANGUAGES.find((language) => language === primary);
}

/** The first of a browser's preferred languages that the page speaks. */
export function preferredLanguage(tags: readonly string[]): Language {
  return tags.map(languageOf).find((language) => language !== undefined) ?? 'en';
}

export function otherLanguage(language: Language): Language {
  return language === 'en' ? 'es' : 'en';
}

/** A member's own text in a language. */
export function inLanguage(text: Text, language: Language): string {
  return text[language];
}

/** A piece of a template: text, or the name of a slot that something is put into. */
export type TemplatePart = { readonly text: string } | { readonly slot: string };

/** Splits `"in {candidates} candidates"` at its slots. */
export function templateParts(template: string): TemplatePart[] {
  return template
    .split(/(\{\w+\})/)
    .filter((piece) => piece !== '')
    .map((piece) => (piece.startsWith('{') ? { slot: piece.slice(1, -1) } : { text: piece }));
}
