export type Inspectable = never;
export type Inspection = never;
export const inspect = 0;
