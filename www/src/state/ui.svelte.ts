import { numberFormat } from '../format/numbers';
import {
  catalogOf,
  inLanguage,
  languageOf,
  type Language,
  otherLanguage,
  preferredLanguage,
} from '../i18n/language';
import type { Texts } from '../i18n/texts';
import type { Objective } from '../protocol/generated/Objective';
import type { Text } from '../protocol/generated/Text';
import type { Memory } from './memory';

export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];
export type ResultView = 'front' | 'table';

const LANGUAGE_KEY = 'language';
const THEME_KEY = 'theme';

/** How the page is looked at: language, theme, and which view of the results. Nothing here changes a run. */
export class Ui implements Texts {
  #language = $state.raw<Language>('en');
  #isLanguageChosen = $state.raw(false);
  #theme = $state.raw<Theme>('auto');
  #axis = $state.raw<Objective | null>(null);
  #resultView = $state.raw<ResultView>('front');
  readonly t = $derived(catalogOf(this.#language));
  readonly format = $derived(numberFormat(this.#language));

  constructor(
    private readonly memory: Memory,
    browserLanguages: readonly string[],
  ) {
    const remembered = languageOf(memory.get(LANGUAGE_KEY));
    this.#isLanguageChosen = remembered !== undefined;
    this.#language = remembered ?? preferredLanguage(browserLanguages);
    this.#theme = THEMES.find((theme) => theme === memory.get(THEME_KEY)) ?? 'auto';
  }

  get language(): Language {
    return this.#language;
  }

  /** The language that a link should carry: none while nobody chose one. */
  get chosenLanguage(): Language | null {
    return this.#isLanguageChosen ? this.#language : null;
  }

  get theme(): Theme {
    return this.#theme;
  }

  /** The cost axis that was chosen; null for the run's objective. */
  get axis(): Objective | null {
    return this.#axis;
  }

  get resultView(): ResultView {
    return this.#resultView;
  }

  /** A member's own text in the page's language. */
  readonly textOf = (text: Text): string => inLanguage(text, this.#language);

  /** Takes the language that a link asks for, if the page speaks it. */
  openLanguage(tag: string | null): void {
    const language = languageOf(tag);
    if (language !== undefined) {
      this.#language = language;
      this.#isLanguageChosen = true;
    }
  }

  switchLanguage(): void {
    this.#language = otherLanguage(this.#language);
    this.#isLanguageChosen = true;
    this.memory.set(LANGUAGE_KEY, this.#language);
  }

  switchTheme(): void {
    this.#theme = THEMES[(THEMES.indexOf(this.#theme) + 1) % THEMES.length] ?? 'auto';
    this.memory.set(THEME_KEY, this.#theme);
  }

  showAxis(axis: Objective): void {
    this.#axis = axis;
  }

  /** Back to the run's objective as the cost axis. */
  showObjective(): void {
    this.#axis = null;
  }

  showResults(view: ResultView): void {
    this.#resultView = view;
  }
}
