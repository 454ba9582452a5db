/** How long a browser stays signed in, in seconds: a working day. */
export const SESSION_SECONDS = 8 * 3600;
