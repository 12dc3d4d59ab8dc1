/** A page, in a tab or in a frame of another page. */
export interface Frame {
  /** As `run`, in the handler of what a user did. */
  click<Result, Given extends readonly unknown[]>(work: (...given: Given) => Result | Promise<Result>, ...given: Given): Promise<Result>;
  /** Runs a function of the page in it, which has to be one that needs nothing of its surroundings, and gives what it resolves to, as JSON. */
  run<Result, Given extends readonly unknown[]>(work: (...given: Given) => Result | Promise<Result>, ...given: Given): Promise<Result>;
}

/** A tab, as every browser has one. */
export interface Tab extends Frame {
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  /** To the page before, as it was left or loaded anew. */
  back(): Promise<void>;
  /** The page in the only frame of this one. */
  frame(): Promise<Frame>;
  /** Brings it to the front: timers of other tabs are slow. */
  show(): Promise<void>;
  close(): Promise<void>;
}

/** A running browser with a profile of its own. */
export interface Browser extends AsyncDisposable {
  open(url: string): Promise<Tab>;
  /** Stops every service worker, as browsers do when it has nothing to do. Firefox does so by itself, after `workerIdle`. */
  stopWorkers(): Promise<void>;
  /** The windows and tabs that are open now, the newest one last. */
  tabs(): Promise<Tab[]>;
}

export interface BrowserOptions {
  /** A private window: nothing is kept on the disk. */
  isPrivate?: boolean;
  /** What the user has forbidden: no site may store anything, or none in a frame of another site. Default: nothing. */
  denied?: "storage" | "storage in frames";
  /** Milliseconds after which a service worker that has nothing to do is stopped, in Firefox. */
  workerIdle?: number;
}
