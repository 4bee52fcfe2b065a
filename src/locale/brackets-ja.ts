/** Brackets that follow one another are made one pair; what somebody else said, in 「」, is left as it is. */
export const joinBrackets = (sentence: string): string =>
  sentence.replace(/「[^」]*」|）（/g, part => (part === '）（' ? '、' : part))
