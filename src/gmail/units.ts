/** What calls cost in quota units (Gmail API, "Usage limits"). */
export const units = {
  import: 25,
  insert: 25,
  get: 20,
  list: 5,
  labelsList: 1,
  labelsCreate: 5,
  profile: 1,
} as const
