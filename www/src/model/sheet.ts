/** How the contact sheet is laid out. */
export const SHEET = { columns: 12, rows: 3 } as const;
