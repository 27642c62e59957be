/**
 * Test files that measure what their process holds, such as memory and handles: each has a process of its own, where nothing
 * that an earlier file left can go in the middle of the measurement.
 */
export const alone = ['test/http/streams.test.ts', 'test/live/memory.test.ts'];
