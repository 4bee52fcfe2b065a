/** Google shows an app password in four groups, "abcd efgh ijkl mnop": the blanks are no part of it. */
export const bareAppPassword = (typed: string): string => typed.normalize('NFKC').replace(/\s+/g, '')
