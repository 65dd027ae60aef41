/** How a wall is divided. */
export interface Grid {
  columns: number;
  rows: number;
  /** How many websites have a tile of their own; the others share the last one. */
  tiles: number;
}

const ratio = 2.2; // of a tile's width to its height, at which names have room

/**
 * The grid of the largest tiles that fit into a screen. Below the least size nobody can
 * read them from afar: then those that matter least share one tile.
 */
export function divide(n: number, width: number, height: number, least = { width: 230, height: 96 }): Grid {
  if (n === 0) return { columns: 1, rows: 1, tiles: 0 };
  const most = {
    columns: Math.max(1, Math.floor(width / least.width)),
    rows: Math.max(1, Math.floor(height / least.height)),
  };
  let best: Grid | undefined;
  let size = 0;
  for (let columns = 1; columns <= most.columns; columns++) {
    const rows = Math.ceil(n / columns);
    if (rows > most.rows) continue;
    const w = width / columns;
    const h = height / rows;
    // What counts is how large a tile of a good shape can be inside of it.
    const s = Math.min(w, h * ratio);
    if (s > size) {
      size = s;
      best = { columns, rows, tiles: n };
    }
  }
  return best ?? { ...most, tiles: most.columns * most.rows - 1 };
}
