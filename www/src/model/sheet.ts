/** How the contact sheet is laid out. */
export const SHEET = { columns: 10, rows: 3 } as const;
