/** The environment without the variables of the npm that started this script: they would steer every npm below it. */
export const envWithoutNpm = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)))
