/** For `ilike`: texts that contain this one. */
export const searchPattern = (search: string): string => `%${search.replace(/[\\%_]/g, '\\$&')}%`;
