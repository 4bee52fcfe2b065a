/**
 * DKIM and ARC side by side with dkimpy, Mail::DKIM and OpenDKIM, over the cases of this folder. Ours is what the RFC
 * asks in every one of them (dkim.test.ts, arc.test.ts), so that a disagreement is a remark on the other verifier.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { examine } from '../../authentication/world.ts'
import { requireServer } from '../../servers/required.ts'
import { makeArcCases } from '../arc-cases.ts'
import { makeDkimCases } from '../dkim-cases.ts'
import { drawMessages } from '../drawn-messages.ts'
import { figures } from '../figures.ts'
import { type Explanation, findUnexplained, judge, missingVerifiers, toCase, type Verifier } from './judge.ts'

const skip = requireServer('other verifiers', missingVerifiers())

const dkim: readonly Explanation[] = [
  {
    verifier: 'Mail::DKIM',
    cases: ['simple/simple', 'simple/relaxed', 'relaxed/simple', 'relaxed/relaxed'].map(
      canon => `ed25519-sha256, ${canon}`,
    ),
    why: 'This version knows no ed25519 (RFC 8463), which verifiers SHOULD implement.',
  },
  {
    verifier: 'Mail::DKIM',
    cases: ['no v=', 'no bh=', 'd= twice', 'an empty tag amid the others', 't= that is no number'],
    why: 'It reads over what is missing, double or malformed. RFC 6376 section 6.1.1: a required tag missing is a PERMFAIL; section 3.2: with a tag twice the whole list is invalid.',
  },
  {
    verifier: 'OpenDKIM',
    cases: ['d= twice'],
    why: 'RFC 6376 section 3.2: tags MUST NOT be there twice, else the whole list is invalid.',
  },
  ...(['dkimpy', 'OpenDKIM', 'Mail::DKIM'] as const).map(
    (verifier): Explanation => ({
      verifier,
      cases: ['a tag name that is none', 'a record with v= at its end'],
      why: 'RFC 6376 section 3.2: a tag name is letters, digits and "_"; section 3.6.1: v= MUST be the first tag of a record. They do not look.',
    }),
  ),
  ...(['dkimpy', 'Mail::DKIM'] as const).map(
    (verifier): Explanation => ({
      verifier,
      cases: ['h= without From', 'l= longer than the body', 'x= the same as t='],
      why: 'RFC 6376 section 6.1.1: without From in h= a PERMFAIL; section 3.5: l= MUST NOT be larger than the body, x= MUST be greater than t=. They do not look.',
    }),
  ),
  {
    verifier: 'dkimpy',
    cases: ['q= of another method and dns/txt'],
    why: 'RFC 6376 section 3.5: q= is a list, and unknown methods in it are ignored.',
  },
  {
    verifier: 'dkimpy',
    cases: ['x= an hour ago', 'x= before t='],
    why: 'It does not look at x=. RFC 6376 section 3.5: verifiers MAY refuse an expired signature; OpenDKIM, Mail::DKIM and we do.',
  },
  {
    verifier: 'dkimpy',
    cases: ['h=sha1', 't=s, and i= below the domain', 'a= of another kind than the key'],
    why: 'RFC 6376 section 6.1.2: a record whose h= or k= does not fit a= MUST be ignored; section 3.6.1: under t=s the domains MUST be the same.',
  },
  {
    verifier: 'Mail::DKIM',
    cases: ['l=0', 'a key of 512 bits'],
    why: 'l=0 signs no body and is valid (RFC 6376 section 3.5); keys below 1,024 bits MUST NOT count (RFC 8301 section 3.2).',
  },
  ...(['dkimpy', 'OpenDKIM', 'Mail::DKIM'] as const).map(
    (verifier): Explanation => ({
      verifier,
      cases: ['rsa-sha1'],
      why: 'RFC 8301 section 3.1: MUST NOT be used for verifying. They are from before, or leave it to the owner.',
    }),
  ),
  ...(['dkimpy', 'OpenDKIM'] as const).map(
    (verifier): Explanation => ({
      verifier,
      cases: ['t= in the future, which a verifier may but need not refuse'],
      why: 'RFC 6376 section 3.5: signatures from the future MAY be ignored. We do not, for a clock that is wrong somewhere would then be told as a changed message.',
    }),
  ),
  {
    verifier: 'dkimpy',
    cases: ['blanks before the colon of a signed field'],
    why: 'RFC 6376 section 3.4.2: white space before the colon is deleted. It takes the message for none.',
  },
  {
    verifier: 'Mail::DKIM',
    cases: ['a last line without its end, simple'],
    why: 'RFC 6376 section 3.4.3: where the body does not end with CRLF, it is added.',
  },
  {
    verifier: 'OpenDKIM',
    cases: ['a last line without its end, relaxed', 'a bare CR in the body'],
    why: 'It leaves a line without its end out, and takes a bare CR for a line end. RFC 6376 section 3.4 knows CRLF alone.',
  },
  ...(['dkimpy', 'Mail::DKIM'] as const).map(
    (verifier): Explanation => ({
      verifier,
      cases: ['h= and s= as lists with blanks'],
      why: 'RFC 6376 section 3.6.1: blanks may stand around the colons of both lists. They compare with them.',
    }),
  ),
  {
    verifier: 'Mail::DKIM',
    cases: ['a record with an empty tag'],
    why: 'RFC 6376 section 3.2: between two semicolons stands a tag. It reads over that.',
  },
]

const arc: readonly Explanation[] = [
  {
    verifier: 'dkimpy, ARC',
    cases: [
      'instance 0',
      'a negative instance',
      'an instance that is no number',
      'an empty instance',
      'an instance with a fraction',
    ],
    why: 'It leaves out fields whose instance it cannot read, or reads the beginning of it. RFC 8617 section 5.2: what is there has to be a whole chain from 1 on.',
  },
  {
    verifier: 'dkimpy, ARC',
    cases: ['results with the instance not in front', 'results without the semicolon after the instance'],
    why: 'RFC 8617 section 4.1.1: the instance is the first thing in the field and ends with a semicolon.',
  },
  {
    verifier: 'dkimpy, ARC',
    cases: ['the newer set below the older'],
    why: 'RFC 8617 section 5.2: sets are told by their instance, not by their place.',
  },
  {
    verifier: 'dkimpy, ARC',
    cases: [
      'a signature with a tag name that is none',
      'l= longer than the body',
      'h= without From',
      'a key for another hash',
    ],
    why: 'As with DKIM, above.',
  },
  {
    verifier: 'dkimpy, ARC',
    cases: ['no c=, signed as simple/simple', 'no c=, signed as relaxed/relaxed'],
    why: 'It takes relaxed/relaxed, as drafts of ARC had it. RFC 8617 section 4.1.2: as in DKIM, so simple/simple.',
  },
  ...(['dkimpy, ARC', 'Mail::DKIM, ARC'] as const).map(
    (verifier): Explanation => ({
      verifier,
      cases: ['v= in a signature, which is to be ignored'],
      why: 'RFC 8617 section 4.1.2: if seen, it MUST be ignored. They refuse it.',
    }),
  ),
  ...(['dkimpy, ARC', 'Mail::DKIM, ARC'] as const).map(
    (verifier): Explanation => ({ verifier, cases: ['ed25519'], why: 'In ARC neither knows it.' }),
  ),
  { verifier: 'dkimpy, ARC', cases: ['ed25519 above RSA'], why: 'In ARC it knows no ed25519.' },
  {
    verifier: 'Mail::DKIM, ARC',
    cases: [
      'results with the instance not in front',
      'results without the semicolon after the instance',
      'results with a comment before the instance',
    ],
    why: 'It searches for the instance with a pattern of its own. RFC 8617 section 4.1.1: CFWS, the instance, a semicolon.',
  },
  {
    verifier: 'Mail::DKIM, ARC',
    cases: ['h= in a seal', 'an empty h= in a seal'],
    why: 'RFC 8617 section 4.1.3: if found, it MUST result in a fail.',
  },
  {
    verifier: 'Mail::DKIM, ARC',
    cases: [
      'a seal with a tag name that is none',
      'a signature with a tag name that is none',
      'a seal whose t= is no number',
      'a seal with an empty t=',
      'a signature whose t= is no number',
      'l= longer than the body',
      'h= without From',
      'a signature made with rsa-sha1',
      'a key of 512 bits',
    ],
    why: 'As with DKIM, above.',
  },
]

function compare(
  verifier: Exclude<Verifier, 'pyspf' | 'OpenDMARC' | 'authres'>,
  cases: ReturnType<typeof makeDkimCases> | ReturnType<typeof makeArcCases>,
  explanations: readonly Explanation[],
  asPass: readonly string[],
): string[] {
  const explained = explanations.filter(explanation => explanation.verifier === verifier)
  assert.deepEqual(
    { cases: cases.length, explained: explained.flatMap(explanation => explanation.cases).length },
    figures.beside[verifier],
  )
  const theirs = judge(verifier, cases.map(toCase))
  const verdicts = cases.map(({ name, verdict }, index) => {
    const word = String(theirs[index])
    // `invalid` and `temperror` of Mail::DKIM are no pass.
    return { name, ours: verdict, theirs: asPass.includes(word) ? word : 'fail' }
  })
  return findUnexplained(verifier, explanations, verdicts)
}

describe('Signatures beside other verifiers', { skip }, () => {
  for (const verifier of ['dkimpy', 'Mail::DKIM', 'OpenDKIM'] as const) {
    test(`DKIM beside ${verifier}: each disagreement is explained`, () => {
      assert.deepEqual(compare(verifier, makeDkimCases(), dkim, ['pass']), [])
    })
  }
  for (const verifier of ['dkimpy, ARC', 'Mail::DKIM, ARC'] as const) {
    test(`ARC beside ${verifier}: each disagreement is explained`, () => {
      assert.deepEqual(compare(verifier, makeArcCases(), arc, ['pass', 'none']), [])
    })
  }

  test(`DKIM of ${figures.drawn} drawn messages: never do two of the three others stand against us`, async () => {
    const messages = drawMessages(figures.drawn)
    const others = (['dkimpy', 'Mail::DKIM', 'OpenDKIM'] as const).map(verifier =>
      judge(verifier, messages.map(toCase)).map(word => (word === 'pass' ? 'pass' : 'fail')),
    )
    const alone: string[] = []
    const passed = { all: 0, none: 0 }
    for (const [index, { name, message, zone }] of messages.entries()) {
      const { verified } = await examine(message, zone)
      const ours =
        verified.state === 'done' ? verified.dkim.map(({ verdict }) => verdict).join() : verified.state
      const theirs = others.map(verdicts => verdicts[index])
      if (theirs.filter(verdict => verdict !== ours).length > 1)
        alone.push(`${name}: ${ours}, and they ${theirs}`)
      const passes = theirs.filter(verdict => verdict === 'pass').length
      if (passes === 3) passed.all += 1
      if (passes === 0) passed.none += 1
    }
    assert.deepEqual(alone, [])
    // The draw has much of both.
    assert.ok(passed.all > figures.drawn / 4 && passed.none > figures.drawn / 4, JSON.stringify(passed))
  })
})
