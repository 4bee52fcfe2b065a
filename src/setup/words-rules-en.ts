/** The two commonest rules before import, in English; part of words-en.ts. */
export const rules = {
  recipients: 'This mail is to several addresses. Which of them shall have a label of its own in Gmail?',
  senders: 'These senders write much. Whose mail shall not be imported? It stays at the host.',
  messages: (count: string) => `${count} of the newest`,
}
