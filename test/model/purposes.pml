/*
 * One login with access tokens for two purposes (packages/core/src/record/purposes.ts): each cache serves one of them, and all share one
 * entry with one rotating refresh token, one intent and one order of generations.
 *
 * The server accepts each generation's refresh token once: a second use revokes the family. The store is linearizable; a compare-and-set is one atomic step.
 *
 * What may happen at any moment: an access token is due; the deadline of an intent passes (EXPIRE) unless its owner lives and
 * waits for the server; once, at any step, a cache's process dies, or its answer is lost or comes late (CRASH); once, an answer has a new refresh token and no
 * usable access token (USELESS); the server begins to refuse the second purpose, which uses nothing up (REFUSE).
 *
 * Mutants, which have to fail: OWN_INTENTS (an intent stands for its own purpose only), FOR_ALL (a token set is written for both purposes), DROP_OTHERS (a
 * token set takes the place of the other purpose's), EAGER (a purpose is refreshed because the other one was), DROP_KEPT (the refresh token that came without an access token is dropped), REFUSAL_ENDS (a refusal of one purpose ends the login).
 */
#ifndef CACHES
#define CACHES 3 /* one in either process for the first purpose, and one for the second */
#endif
#ifndef DUES
#define DUES 1 /* times that the access token of each purpose is due */
#endif
#ifndef LAST
#define LAST 3 /* generations that the server gives at most */
#endif

#define invalidGrant 0
#define tokens 1
#define refusal 2
#define useless 3

byte server = 1;          /* the generation whose refresh token the server accepts */
bool revoked = false;     /* the family is dead: a refresh token was used twice */
bool refuses = false;     /* the server gives no more access tokens for the second purpose */

/* The entry. */
byte generation = 1;
byte version = 1;
byte token[2];            /* of each purpose: what its access token is for, counted from 1; 0 when there is none */
bool ended[2];            /* of each purpose: the server has refused it */
bool over = false;        /* only a login helps */
byte owner = 0;           /* whose intent stands */
bool expired = false;     /* its deadline has passed */
bool unresolved = false;  /* its owner is done, and does not know what became of its request */

bool due[2];              /* of each purpose: its access token is to be refreshed */
byte dues[2];
bool late[5];             /* a cache whose own clock says that its intent's deadline has passed */
bool awaiting[5];         /* a cache that lives and has a token request under way */
byte sent[4];             /* how often each generation's refresh token was sent, and not refused */
byte crashes = 0;
byte orphans = 0;         /* token requests of whose end nobody knows */
bool wasUseless = false;

#define isGood(which) (token[which] != 0 && !due[which])

inline clear() { owner = 0; expired = false; unresolved = false }

/* What must always hold. */
inline check() {
  assert(sent[1] <= 1 + orphans && sent[2] <= 1 + orphans && sent[3] <= 1 + orphans);
  assert((!revoked || orphans > 0) && (!over || revoked) && generation <= server);
  assert((token[0] == 0 || token[0] == 1) && (token[1] == 0 || token[1] == 2));
  assert(!ended[0])
}

inline leave() {
  crashes++;
  orphans = orphans + awaiting[me];
  awaiting[me] = false
}

#ifdef CRASH
#define orDie :: atomic { crashes < 1 -> leave(); goto gone }
#else
#define orDie
#endif

proctype Cache(byte me; byte purpose) {
  byte seen, seenVersion, claim, got, kind, other;
  bool otherEnded, otherGood;
  byte round = 0;

  do
  :: round == 2 || server > LAST -> break
  :: else ->
     /* Read the entry, as it is for this purpose. */
     atomic {
       round++;
       seen = generation;
       seenVersion = version;
       if
       :: over || ended[purpose] -> goto gone
#ifdef EAGER
       :: !over && !ended[purpose] && isGood(purpose) && generation == 1 -> goto again
#else
       /* It is handed out. */
       :: !over && !ended[purpose] && isGood(purpose) -> assert(token[purpose] == purpose + 1); goto again
#endif
       :: else -> skip
       fi
     };

     /* While another's intent stands, of whichever purpose, wait until the entry changes or the deadline has passed. */
     if
     :: atomic {
          version == seenVersion && owner != 0 ->
          if
          :: version != seenVersion || expired || unresolved
#ifdef OWN_INTENTS
          :: (owner - 1) % 2 != purpose
#endif
          fi
        }
     :: atomic { version != seenVersion || owner == 0 -> skip }
     fi;

     /* Compare-and-set: the entry as it was read -> my intent, and what the entry says of the other purpose. */
     if
     orDie
     :: atomic { version != seenVersion -> goto again }
     :: atomic {
          version == seenVersion -> owner = me; expired = false; unresolved = false; late[me] = false; version++; claim = version;
          other = token[1 - purpose];
          otherEnded = ended[1 - purpose]
        }
     fi;

     if
     orDie
     /* The owner's own deadline is looked at in the moment of sending. */
     :: atomic {
          late[me] ->
          if
          :: version == claim -> clear(); version++
          :: else -> skip
          fi;
          goto again
        }
     :: atomic {
          !late[me] ->
          /* Nothing is asked for that was not due. */
          assert(version != claim || !isGood(purpose));
          awaiting[me] = true;
          if
          :: refuses && purpose == 1 && seen == server && !revoked -> kind = refusal; got = 0
          :: else ->
             if
             :: seen <= 3 -> sent[seen]++
             :: else -> skip
             fi;
             if
             :: seen == server && !revoked ->
                server++;
                got = server;
                kind = tokens;
#ifdef USELESS
                if
                :: !wasUseless -> wasUseless = true; kind = useless
                :: skip
                fi
#endif
             :: else -> revoked = true; got = 0; kind = invalidGrant
             fi
          fi;
          check()
        }
     fi;

answer:
     if
     orDie
#ifdef CRASH
     /* The answer is lost, or comes after the timeout: the owner notes that it does not know what became of the request. */
     :: atomic {
          crashes < 1 && awaiting[me] -> leave();
          if
          :: version == claim -> unresolved = true; version++
          :: else -> skip
          fi;
          if
          :: goto again
          :: got != 0 -> goto answer
          fi
        }
#endif
     :: atomic {
          true -> awaiting[me] = false;
          otherGood = isGood(1 - purpose);
          if
          :: kind == invalidGrant && version == claim -> over = true; clear(); version++
          :: kind == refusal && version == claim ->
#ifdef REFUSAL_ENDS
             over = true;
#endif
             ended[purpose] = true; clear(); version++
          :: (kind == invalidGrant || kind == refusal) && version != claim -> skip
#ifdef DROP_KEPT
          :: kind == useless ->
             if
             :: version == claim -> clear(); version++
             :: else -> skip
             fi
          :: kind == tokens && generation != seen -> skip
          :: kind == tokens && generation == seen ->
#else
          :: got != 0 && generation != seen -> skip
          :: got != 0 && generation == seen ->
#endif
             generation = got; over = false; clear(); version++;
             token[1 - purpose] = other;
             ended[1 - purpose] = otherEnded;
#ifdef DROP_OTHERS
             token[1 - purpose] = 0;
#endif
#ifdef FOR_ALL
             token[1 - purpose] = purpose + 1;
#endif
             if
             :: kind == tokens -> token[purpose] = purpose + 1; due[purpose] = false; ended[purpose] = false
             :: else -> skip
             fi
          fi;
          /* What is good for the other purpose stays. */
          assert(!otherGood || isGood(1 - purpose));
          check()
        }
     fi;
again:
     atomic { late[me] = false; seen = 0; seenVersion = 0; claim = 0; got = 0; kind = 0; other = 0; otherEnded = false; otherGood = false }
  od;
gone:
  skip
}

/* Access tokens end. */
active proctype Time() {
  end: do
  :: atomic { isGood(0) && dues[0] < DUES -> due[0] = true; dues[0]++ }
  :: atomic { isGood(1) && dues[1] < DUES -> due[1] = true; dues[1]++ }
#ifdef EXPIRE
  :: atomic { owner != 0 && !expired && !awaiting[owner] -> expired = true; late[owner] = true }
#endif
#ifdef REFUSE
  :: atomic { !refuses -> refuses = true }
#endif
  od
}

init {
  byte number = 0;
  atomic {
    token[0] = 1;
    do
    :: number < CACHES -> run Cache(number + 1, number % 2); number++
    :: else -> break
    od
  }
}
