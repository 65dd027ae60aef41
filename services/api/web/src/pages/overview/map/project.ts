// Equal Earth (Šavrič, Patterson and Jenny 2018): areas stay true, and the poles are not blown up.
const [a, b, c, d] = [1.340264, -0.081106, 0.000893, 0.003796];

/** The plane that land is drawn in: x 0 to 1000, y from the north of Greenland to Cape Horn. */
export const plane = { width: 1000, height: 448 } as const;

/** Where a place lies in the plane. scripts/land.mjs does the same to the outline. */
export function project(longitude: number, latitude: number): { x: number; y: number } {
  const l = (longitude * Math.PI) / 180;
  const t = Math.asin((Math.sqrt(3) / 2) * Math.sin((latitude * Math.PI) / 180));
  const t2 = t * t;
  const t6 = t2 ** 3;
  const x = (2 * Math.sqrt(3) * l * Math.cos(t)) / (3 * (9 * d * t6 * t2 + 7 * c * t6 + 3 * b * t2 + a));
  const y = t * (a + b * t2 + t6 * (c + d * t2));
  return { x: 500 + x * 184, y: 243 - y * 184 };
}

export interface Placed<T> {
  of: T;
  x: number;
  y: number;
  /** On which side of its marker the label has room. */
  side: "left" | "right";
}

const room = { x: 150, y: 26 }; // of a label

/** Puts labels at the side where they do not run out of the map or into one another, as far as that goes. */
export function place<T extends { latitude: number; longitude: number }>(all: readonly T[]): Placed<T>[] {
  const placed: Placed<T>[] = [];
  const clashes = (x: number, y: number, side: "left" | "right") => {
    const from = side === "right" ? x : x - room.x;
    if (from < 0 || from + room.x > plane.width) return true;
    return placed.some((p) => {
      const theirs = p.side === "right" ? p.x : p.x - room.x;
      return Math.abs(p.y - y) < room.y && theirs < from + room.x && from < theirs + room.x;
    });
  };
  for (const of of [...all].sort((p, q) => q.latitude - p.latitude)) {
    let { x, y } = project(of.longitude, of.latitude);
    // Regions of one city would lie upon each other.
    while (placed.some((p) => Math.hypot(p.x - x, p.y - y) < 14)) y += 16;
    x = Math.round(x * 10) / 10;
    y = Math.round(y * 10) / 10;
    const side = clashes(x, y, "right") && !clashes(x, y, "left") ? "left" : "right";
    placed.push({ of, x, y, side });
  }
  return placed;
}
