// Bits of a message's `flags`, by Discord's names.

export const EPHEMERAL = 1 << 6;
export const LOADING = 1 << 7;
export const VOICE = 1 << 13;
export const COMPONENTS_V2 = 1 << 15;
