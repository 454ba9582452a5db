const FORM = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

/** An id as this server writes it, in lower case. */
export const UUID = new RegExp(`^${FORM}$`);

/** An id as anybody may write it. */
export const UUID_IN_ANY_CASE = new RegExp(`^${FORM}$`, "i");
