// The stream of commits to the lake, and that alarms have changed.

import type { Commit } from "./types.ts";

export interface EventHandlers {
  commit: (commit: Commit) => void;
  /** Alarms or their history have changed. */
  alarms: () => void;
  /** Whether the stream is there; false while the browser tries again. */
  live: (live: boolean) => void;
}

/**
 * Listens to commits until the returned function is called. A hidden page lets go
 * of its stream, because a browser opens only six connections to a server
 * over HTTP/1.1 and forgotten tabs would use them up; when it is seen again it
 * reports one commit of no records, and that alarms have changed, since it may have missed some.
 */
export function listen(handlers: EventHandlers): () => void {
  let source: EventSource | undefined;
  let missed = false;

  const open = () => {
    const opened = new EventSource("/api/v1/events");
    source = opened;
    opened.addEventListener("open", () => {
      handlers.live(true);
      if (missed) {
        missed = false;
        handlers.commit({ at: 0, kind: "vpc", records: 0 });
        handlers.alarms();
      }
    });
    opened.addEventListener("commit", (event) => handlers.commit(JSON.parse(event.data) as Commit));
    opened.addEventListener("alarms", () => handlers.alarms());
    opened.addEventListener("error", () => {
      missed = true;
      handlers.live(false);
    });
  };
  const close = () => {
    source?.close();
    source = undefined;
  };
  const onVisibility = () => {
    if (document.hidden) {
      close();
      missed = true;
    } else if (!source) {
      open();
    }
  };

  document.addEventListener("visibilitychange", onVisibility);
  if (!document.hidden) {
    open();
  }
  return () => {
    document.removeEventListener("visibilitychange", onVisibility);
    close();
  };
}
