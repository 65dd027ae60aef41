/** Whether the API answers: what every request and the live stream have seen last. */
type Listener = () => void;

let awaySince: number | undefined;
const listeners = new Set<Listener>();

function tell() {
  for (const l of listeners) l();
}

export const reach = {
  /** When the API was first missed, in ms since 1970; undefined while it answers. */
  awaySince: () => awaySince,
  answered() {
    if (awaySince === undefined) return;
    awaySince = undefined;
    tell();
  },
  missed() {
    if (awaySince !== undefined) return;
    awaySince = Date.now();
    tell();
  },
  subscribe(l: Listener) {
    listeners.add(l);
    return () => {
      listeners.delete(l);
    };
  },
};
