// What the whole page knows of the lake: its status and fields, and that data has
// come in or alarms have changed.

import { address, read } from "../api/client.ts";
import { listen } from "../api/events.ts";
import { problemOf } from "../api/resource.svelte.ts";
import type {
  Commit,
  Field,
  Fields,
  Followed,
  Following,
  Kind,
  Problem,
  Status,
  TableStatus,
} from "../api/types.ts";

// While a large import runs, commits come faster than anyone can read; the page
// is renewed no more often than this, in milliseconds.
const shortestPause = 2000;

// How long to wait before the status is asked for again where it failed, in
// milliseconds.
const retryPause = 5000;

// A change of an alarm is followed by what becomes of its message, and many can change at once: they are
// read together, so many milliseconds later.
const alarmsPause = 300;

// How often it is asked what is followed, in milliseconds: a source that fails makes
// no commit that would tell.
const followingPause = 10_000;

class Lake {
  status = $state.raw<Status | undefined>(undefined);
  problem = $state.raw<Problem | undefined>(undefined);
  /** Counts the states of the lake that were seen; panels read again when it changes. */
  revision = $state(0);
  /** Counts the changes of alarms that were told of; what shows alarms reads again when it changes. */
  watched = $state(0);
  /** The stream of commits is there. */
  live = $state(false);
  /** The last commit that came while the page was open. */
  commit = $state.raw<Commit | undefined>(undefined);
  /** The sources that are or were followed, what runs first. */
  following = $state.raw<Followed[]>([]);
  /** The server's clock, in seconds since the epoch; moved on by tick. */
  now = $state(Date.now() / 1000);

  #fields = $state.raw<Partial<Record<Kind, Field[]>>>({});
  #ahead = 0; // the server's clock minus the browser's, in seconds
  #readAt = 0; // when the status was last asked for, in milliseconds
  #timer: ReturnType<typeof setTimeout> | undefined;
  #alarms: ReturnType<typeof setTimeout> | undefined;

  /** Begins to read and to listen; the returned function ends it. */
  start(): () => void {
    void this.refresh();
    void this.readFollowing();
    const follow = setInterval(() => document.hidden || void this.readFollowing(), followingPause);
    const clock = setInterval(() => this.tick(), 5000);
    const unlisten = listen({
      commit: (commit) => {
        this.commit = commit;
        this.#refreshIn(Math.max(0, this.#readAt + shortestPause - Date.now()));
      },
      alarms: () => {
        this.#alarms ??= setTimeout(() => {
          this.#alarms = undefined;
          this.watched++;
        }, alarmsPause);
      },
      live: (live) => {
        this.live = live;
      },
    });
    return () => {
      clearInterval(follow);
      clearInterval(clock);
      clearTimeout(this.#timer);
      clearTimeout(this.#alarms);
      unlisten();
    };
  }

  /** Returns the status of a kind's table, or undefined before it is known. */
  table(kind: Kind): TableStatus | undefined {
    return this.status?.tables.find((table) => table.kind === kind);
  }

  /** Returns the fields of a kind, in AWS's order; none before they are known. */
  fields(kind: Kind): Field[] {
    return this.#fields[kind] ?? [];
  }

  /** Returns the description of a field. */
  field(kind: Kind, name: string): Field | undefined {
    return this.fields(kind).find((field) => field.name === name);
  }

  /** Reads the status and lets the panels read again. */
  async refresh(): Promise<void> {
    this.#readAt = Date.now();
    try {
      const status = await read<Status>(address("status"));
      this.problem = undefined;
      this.status = status;
      this.#ahead = status.now - Date.now() / 1000;
      this.revision++;
      this.tick();
    } catch (error) {
      this.problem = problemOf(error);
      this.#refreshIn(retryPause);
    }
  }

  /** Reads the fields of a kind; again, too, since new data can bring unknown ones. */
  async readFields(kind: Kind): Promise<void> {
    try {
      const { fields } = await read<Fields>(address("fields", { kind }));
      this.#fields = { ...this.#fields, [kind]: fields };
    } catch (error) {
      this.problem = problemOf(error);
    }
  }

  /** Reads what is followed. Where that fails, the last answer stays and grows old. */
  async readFollowing(): Promise<void> {
    try {
      this.following = (await read<Following>(address("following"))).sources;
    } catch {
      // The status says so, if weir does not answer at all.
    }
  }

  /** Moves the clock on. */
  tick(): void {
    this.now = Date.now() / 1000 + this.#ahead;
  }

  #refreshIn(wait: number): void {
    if (this.#timer !== undefined) {
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.refresh();
    }, wait);
  }
}

export const lake = new Lake();
