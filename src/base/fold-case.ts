/** A text as it is compared without regard to case, and composed or not: what an owner wrote, and what stands in mail. */
export const foldCase = (text: string): string => text.normalize('NFC').toLowerCase()
