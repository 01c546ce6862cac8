import { readFile } from 'node:fs/promises';
import { expect, type Locator, type Page } from '@playwright/test';

export interface Link {
  readonly data?: string;
  readonly device?: string;
  readonly strategy?: string;
  readonly candidates?: number;
  readonly epochs?: number;
  readonly seed?: number;
  readonly [key: string]: string | number | undefined;
}

/** A search that takes seconds. */
export const QUICK: Link = {
  device: 'arduino-uno',
  candidates: 8,
  epochs: 2,
  seed: 3,
  'train.final_epochs': 2,
};
/** A search that is still going on whenever a test looks. */
export const LONG: Link = { ...QUICK, candidates: 400, epochs: 9 };

/** Networks as large as there are: a candidate takes minutes. */
export const HUGE: Link = {
  ...LONG,
  data: 'mnist',
  res: 28,
  device: 'gtx-1080-ti',
  'layers.operators': 'conv5x5',
  'layers.widths': 256,
  'layers.max_depth': 12,
};

/** What the workers train with; the page does without. */
export const TRAINER_MODULE = /trainer_bg.*\.wasm$/;

const RUN_TIMEOUT_MS = 60_000;

export function fragmentOf(link: Link): string {
  const pairs = Object.entries(link).map(([key, value]) => `${key}=${String(value)}`);
  return ['#v=1', ...pairs].join('&');
}

/** The page as a person uses it. */
export class Playground {
  readonly searchButton: Locator;
  readonly stepButton: Locator;
  readonly resetButton: Locator;
  readonly phase: Locator;
  readonly told: Locator;
  /** Workers that have a job. */
  readonly busyLanes: Locator;
  readonly goal: Locator;
  readonly front: Locator;
  readonly frontSummary: Locator;
  readonly table: Locator;
  readonly selected: Locator;
  readonly error: Locator;
  readonly notices: Locator;

  constructor(readonly page: Page) {
    this.searchButton = page.getByTestId('search');
    this.stepButton = page.getByTestId('step');
    this.resetButton = page.getByTestId('reset');
    this.phase = page.getByTestId('phase');
    this.told = page.getByTestId('told');
    this.busyLanes = page.getByTestId('lanes').getByText('#');
    this.goal = page.getByTestId('goal');
    this.front = page.getByTestId('front-chart');
    this.frontSummary = page.getByTestId('front-summary');
    this.table = page.getByTestId('table');
    this.selected = page.getByTestId('selected');
    this.error = page.getByTestId('error');
    this.notices = page.getByTestId('notices');
  }

  /** Opens the page with a link and waits until it can be used. */
  async open(link: Link = {}): Promise<void> {
    await this.goto(link);
    await expect(this.searchButton).toBeVisible();
    await expect(this.page.getByTestId('network-picture')).toBeVisible();
  }

  /** Opens the page with a link, come what may. */
  async goto(link: Link = {}): Promise<void> {
    await this.page.goto(`./${fragmentOf(link)}`);
  }

  async search(): Promise<void> {
    await this.searchButton.click();
  }

  async searchToTheEnd(): Promise<void> {
    await this.search();
    await this.waitForPhase('finished');
  }

  async waitForPhase(phase: string): Promise<void> {
    await expect(this.phase).toHaveAttribute('data-phase', phase, { timeout: RUN_TIMEOUT_MS });
  }

  /** Number of candidates with a result. */
  async toldCount(): Promise<number> {
    return Number.parseInt(await this.told.innerText(), 10);
  }

  async waitForTold(atLeast: number): Promise<void> {
    await expect.poll(() => this.toldCount(), { timeout: RUN_TIMEOUT_MS }).toBeGreaterThanOrEqual(atLeast);
  }

  rows(status?: string): Locator {
    return this.table.locator(status === undefined ? 'tr[data-status]' : `tr[data-status="${status}"]`);
  }

  async showTable(): Promise<void> {
    await this.page.getByTestId('view-table').click();
  }

  async openNetwork(name: string, json: string): Promise<void> {
    const chooser = this.page.waitForEvent('filechooser');
    await this.page.getByTestId('open-network').click();
    await (await chooser).setFiles({ name, mimeType: 'application/json', buffer: Buffer.from(json) });
  }

  /** The log that the page offers for download. */
  async downloadLog(): Promise<string> {
    const download = this.page.waitForEvent('download');
    await this.page.getByTestId('log').click();
    return readFile(await (await download).path(), 'utf8');
  }
}
