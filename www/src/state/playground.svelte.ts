import type { ContactSheet, Engine, EngineError } from '../engine/engine';
import { SHEET } from '../model/sheet';
import { networkWords } from '../model/describe';
import { THIS_BROWSER } from '../model/estimators';
import { searchesHardware } from '../model/hardware';
import { limitsOf } from '../model/limits';
import { type ConfigPatch, completed, type FindTable } from '../model/patch';
import { readLog } from '../model/log-text';
import { type Looked, lookAt } from '../model/looked';
import type { Selection } from '../model/candidates';
import { blocksOf } from '../model/network/blocks';
import { withOwn } from '../model/own-device';
import type { CandidateView } from '../protocol/generated/CandidateView';
import type { LogLine } from '../protocol/generated/LogLine';
import type { Shelf } from '../store/shelf';
import type { TableShelf } from '../store/table-shelf';
import { Choice } from './choice.svelte';
import { asEngineError } from '../engine/errors';
import { Experiment } from './experiment.svelte';
import { nextFrame, wait } from './frames';
import { OwnNetwork } from './own-network.svelte';
import { Pricing } from './pricing';
import { Search } from './search.svelte';
import { Starts } from './starts.svelte';
import { Tables } from './tables.svelte';
import type { Ui } from './ui.svelte';

const LEAST_WORKERS_MAX = 4;
/** The log of a search under way is kept at most this often. */
const KEEP_MS = 1000;
/** Of more devices than so many, whose titles would not fit below the chart, only the number is said. */
const NAMED_DEVICES_MAX = 2;

interface KeptLog {
  readonly text: string;
  readonly lines: readonly LogLine[];
}

/** The page's state with an engine behind it: what is searched, the search, and what is looked at. */
export class PlaygroundState {
  readonly experiment: Experiment;
  readonly search: Search;
  readonly choice: Choice;
  readonly own: OwnNetwork;
  readonly starts: Starts;
  readonly tables: Tables;
  /** More workers than processors bring nothing but are allowed: the result is the same. */
  readonly workersMax = Math.max(LEAST_WORKERS_MAX, navigator.hardwareConcurrency);
  workers = $state(Math.max(1, navigator.hardwareConcurrency - 1));
  #sheet = $state.raw<ContactSheet | null>(null);
  #sheetError = $state.raw<EngineError | null>(null);
  #isLinkWaiting = $state.raw(false);
  #last = $state.raw<KeptLog | null>(null);
  #keptAt = -Infinity;
  readonly #pricing: Pricing;
  /** The newest table of a device for a method. */
  readonly findTable: FindTable = (device, estimator) => this.tables.newestOf({ device, estimator })?.sha256;

  constructor(
    private readonly engine: Engine,
    private readonly ui: Ui,
    private readonly shelf: Shelf,
    tableShelf: TableShelf,
  ) {
    this.tables = new Tables(engine, tableShelf, () => Date.now());
    this.experiment = new Experiment(engine, () => {
      this.#writeLocation();
    });
    this.starts = new Starts(engine, this.experiment);
    this.search = new Search(engine, { nextFrame, now: () => performance.now(), wait });
    this.choice = new Choice(() => this.search.view);
    this.own = new OwnNetwork((json) => engine.network(this.shownConfig, json));
    this.#pricing = new Pricing(engine);
    this.ui.openLanguage(this.experiment.open(location.hash).language);
  }

  /** The configuration that what is shown belongs to: the run's, or before there is one the edited one. */
  readonly shownConfig = $derived.by(() => this.search.view.header?.config ?? this.experiment.config);

  /** Whether there is nothing to show yet. */
  readonly isEmpty = $derived.by(() => this.search.phase === 'idle' && this.search.view.header === null);

  /** Whether the configuration was changed since the run that is shown. */
  readonly isChanged = $derived.by(() => {
    const { header } = this.search.view;
    return (
      header !== null &&
      !this.search.isActive &&
      this.engine.writeLink(header.config) !== this.engine.writeLink(this.experiment.config)
    );
  });

  /** Share of the candidates that have their result. */
  readonly progress = $derived.by(() => {
    const { header, told } = this.search.view;
    return header === null ? 0 : told.length / header.config.candidates;
  });

  /** The devices that what is shown can be priced on. */
  readonly shownDevices = $derived.by(() =>
    withOwn(this.engine.catalog.devices, this.experiment.ownOf(this.shownConfig)),
  );

  /** What latency and energy are those of. */
  readonly deviceTitle = $derived.by(() => {
    const { device, devices = [], over } = this.shownConfig;
    const { t } = this.ui;
    if (searchesHardware(this.shownConfig)) return t.result.ownArray;
    const served = [device, ...devices];
    const titles =
      served.length > NAMED_DEVICES_MAX
        ? t.result.devices(this.ui.format.whole(served.length))
        : served.map((id) => this.#titleOf(id)).join(', ');
    if (devices.length === 0) return titles;
    return over === 'mean' ? t.result.meanOf(titles) : t.result.worstOf(titles);
  });
  readonly limits = $derived.by(
    () => this.search.view.header?.limits ?? limitsOf(this.shownConfig, this.shownDevices),
  );

  readonly axis = $derived.by(() => this.ui.axis ?? this.shownConfig.objective);

  readonly looked = $derived.by(
    (): Looked | null =>
      this.#lookAtOwn() ??
      lookAt(this.choice.current, this.search.view, this.search.lanes, this.experiment.example, this.price),
  );

  /** The network that is looked at, if the next search can start from it. */
  readonly startable = $derived.by((): Looked | null =>
    this.looked !== null && !this.search.isActive && this.starts.canAdd(this.looked) ? this.looked : null,
  );

  /** What a screen reader is told about the end of a search. */
  readonly announcement = $derived.by(() => {
    const { told, front, end } = this.search.view;
    const { t, format } = this.ui;
    return end?.kind === 'done'
      ? t.run.announceFinished(format.whole(told.length), format.whole(front.length))
      : '';
  });

  get sheet(): ContactSheet | null {
    return this.#sheet;
  }

  /** Why there are no images to show, unless the search failed for the same reason. */
  get sheetError(): EngineError | null {
    const own = this.#sheetError;
    const { error } = this.search;
    return own?.code === error?.code && own?.message === error?.message ? null : own;
  }

  /** Whether a link was left unopened because a search is under way. */
  get isLinkWaiting(): boolean {
    return this.#isLinkWaiting;
  }

  get logName(): string {
    const { data, device, strategy, seed } = this.shownConfig;
    return `nas-${data}-${device}-${strategy}-${seed}.jsonl`;
  }

  /** A candidate of what is shown, decoded and priced. */
  readonly price = (genes: readonly number[]): CandidateView | null =>
    this.#pricing.price(this.shownConfig, genes);

  /** A candidate in words. */
  readonly describe = (genes: readonly number[]): string => {
    const priced = this.price(genes);
    return priced === null ? '' : networkWords(blocksOf(priced.network), this.ui.t);
  };

  /** Changes the configuration; a new objective is also what the front is shown against. */
  change(patch: ConfigPatch): void {
    const { config } = this.experiment;
    const whole = completed(config, patch, this.experiment.devices, this.findTable);
    if ('estimator' in whole) this.tables.dismissError();
    if (whole.objective !== undefined) {
      this.ui.showObjective();
    }
    this.starts.change(whole);
  }

  /** Fills a table of this browser's operators, and prices with it. */
  async measure(): Promise<void> {
    const of = { device: THIS_BROWSER, estimator: 'measured' } as const;
    const table = await this.tables.measure(of);
    const isAwaited = !this.search.isActive && this.experiment.config.device === THIS_BROWSER;
    if (table !== null && isAwaited) this.change({ ...of, table: table.sha256 });
  }

  /** Prices with the table of a file. */
  async openTable(file: File): Promise<void> {
    const { device, estimator } = this.experiment.config;
    const method = estimator ?? (device === THIS_BROWSER ? 'measured' : 'look-up-table');
    const table = await this.tables.open(file, { device, estimator: method });
    if (table !== null && !this.search.isActive) this.change({ estimator: method, table: table.sha256 });
  }

  /** Takes the tables of earlier visits. */
  async loadTables(): Promise<void> {
    await this.tables.load();
    this.experiment.refresh();
  }

  pick(selection: Selection): void {
    this.own.close();
    this.choice.pick(selection);
  }

  follow(): void {
    this.own.close();
    this.choice.follow();
  }

  /** Lets the next search start from the network that is looked at; of a file, from the candidate most like it. */
  startFromLooked(): void {
    const looked = this.startable;
    if (looked === null) return;
    if (looked.kind !== 'file') this.starts.add([looked.priced.genes]);
    else if (this.own.file !== null) this.starts.addAlike(looked.file, this.own.file.json);
  }

  start(): void {
    // What is measured while workers train would be their time, too.
    this.tables.cancel();
    this.follow();
    this.search.start(this.experiment.config, this.workers);
  }

  step(): void {
    this.tables.cancel();
    this.search.step(this.experiment.config, this.workers);
  }

  /** Looks whether a log was kept on an earlier visit. */
  async findLast(): Promise<void> {
    const text = await this.shelf.last();
    const lines = text === null ? null : readLog(text);
    this.#last = text === null || lines === null ? null : { text, lines };
  }

  /** Whether there is a search of an earlier visit to show. */
  get hasLast(): boolean {
    return this.#last !== null;
  }

  /** Shows the search of an earlier visit, and takes its configuration. */
  showLast(): void {
    const first = this.#last?.lines[0];
    if (this.#last === null || first?.line !== 'run') return;
    this.follow();
    this.experiment.update(first.config);
    this.search.showLog(this.#last.text, this.#last.lines);
  }

  /** Keeps the log of the search under way, so that a reload loses nothing. */
  async keepLog(): Promise<void> {
    if (!this.search.hasLog || this.search.view.told.length === 0) return;
    const now = performance.now();
    if (this.search.isActive && now - this.#keptAt < KEEP_MS) return;
    this.#keptAt = now;
    await this.shelf.keep(await this.search.log());
  }

  /** Back to the beginning, or to the link that was waiting for it. */
  reset(): void {
    this.#clear();
    if (this.#isLinkWaiting) {
      this.#openLink();
    }
  }

  /** The link to copy; the address bar shows the same one. */
  shareUrl(): string {
    this.#writeLocation();
    return location.href;
  }

  /** Takes the link in the address bar, unless a search is under way. */
  openLocation(): void {
    if (this.search.isActive) {
      this.#isLinkWaiting = true;
    } else {
      this.#clear();
      this.#openLink();
    }
  }

  /** Takes the notices away; a link that was waiting gives way to that of the configuration. */
  dismissNotices(): void {
    if (this.#isLinkWaiting) {
      this.#writeLocation();
    }
    this.experiment.dismissNotices();
  }

  dismissSearchError(): void {
    if (this.sheetError === null) {
      this.#sheetError = null;
    }
    this.search.dismissError();
    if (this.#isLinkWaiting && !this.search.isActive) {
      this.reset();
    }
  }

  switchLanguage(): void {
    this.ui.switchLanguage();
  }

  async loadSheet(dataId: string): Promise<void> {
    this.#sheet = null;
    try {
      const sheet = await this.engine.contactSheet(dataId, SHEET.columns * SHEET.rows);
      if (dataId === this.experiment.config.data) {
        this.#sheet = sheet;
        this.#sheetError = null;
      }
    } catch (error) {
      this.#sheetError = asEngineError(error);
    }
  }

  dismissSheetError(): void {
    this.#sheetError = null;
  }

  #titleOf(id: string): string {
    const device = this.shownDevices.find((each) => each.id === id);
    return device === undefined ? id : this.ui.textOf(device.title);
  }

  /** The opened network, unless the configuration has become one that nothing can be priced for. */
  #lookAtOwn(): Looked | null {
    if (this.own.file === null) return null;
    const { name, json } = this.own.file;
    try {
      return { kind: 'file', priced: this.engine.network(this.shownConfig, json), file: name };
    } catch {
      return null;
    }
  }

  #clear(): void {
    this.follow();
    this.search.reset();
  }

  #openLink(): void {
    this.#isLinkWaiting = false;
    this.starts.dismissNote();
    this.ui.showObjective();
    this.ui.openLanguage(this.experiment.open(location.hash).language);
  }

  /** Shows the configuration's link in the address bar; one that waited there is gone. */
  #writeLocation(): void {
    this.#isLinkWaiting = false;
    const language = this.ui.chosenLanguage;
    const fragment = this.experiment.link + (language === null ? '' : `&lang=${language}`);
    history.replaceState(null, '', `#${fragment}`);
  }
}
