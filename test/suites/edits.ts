/** What becomes of a message or a field in a case: an edit that finds nothing to change is a mistake of the case's. */

export type Edit = (text: string) => string

export const put =
  (from: string | RegExp, to: string): Edit =>
  text => {
    const edited = text.replace(from, to)
    if (edited === text) throw new Error(`nothing to replace: ${from}`)
    return edited
  }

/** The edit over a whole message, octet by octet. */
export const inText = (message: Buffer, edit: Edit): Buffer =>
  Buffer.from(edit(message.toString('latin1')), 'latin1')
