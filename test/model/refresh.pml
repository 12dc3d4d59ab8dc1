/*
 * The refresh transaction of packages/core/src/refresh.ts: N processes share one rotating refresh token through one store.
 *
 * The server accepts each generation's refresh token once (strict rotation without grace): a second use revokes the family.
 * The store is linearizable; a compare-and-set is one atomic step. A version is modelled by the counter `version`.
 *
 * What may happen at any moment: an intent's deadline passes (EXPIRE) unless its owner lives and waits for the server's answer, which its
 * own timeout ends earlier; once, at any step, a process dies, or is stopped for any time while it waits for the server, or the server's
 * answer is lost or comes after the timeout (CRASH). A process that is stopped at any other step is one that is slow, as each may be.
 *
 * GRACE is a provider that takes the refresh token before the last one, too.
 *
 * Mutants, which have to fail: NO_INTENT (the token request is sent without a note), SEPARATE (the note is checked in one step and written
 * in another), NO_GENERATION (the result is written whatever stands there), NO_DEADLINE (the owner doesn't look at its own deadline before sending).
 */
#ifndef N
#define N 3
#endif
#ifndef LAST
#define LAST 2 /* generations that the server gives at most */
#endif

byte server = 1;          /* the generation whose refresh token the server accepts */
bool revoked = false;     /* the family is dead: a refresh token was used twice */
byte generation = 1;      /* in the store */
byte version = 1;         /* of the store's entry */
byte owner = 0;           /* whose intent stands: a process number, or 0 */
bool expired = false;     /* that intent's deadline has passed */
bool unresolved = false;  /* its owner is done, and does not know what became of its request */
bool back = false;        /* a newer token set in the store was overwritten by an older one */
bool login = false;       /* the store says that only a login helps */
bool late[N + 1];         /* a process whose own clock says that its intent's deadline has passed */
bool awaiting[N + 1];     /* a process that lives and has a token request under way */
byte sent[3];             /* how often each generation's refresh token was sent */
byte crashes = 0;

inline clear() {
  owner = 0; expired = false; unresolved = false
}

/* What must always hold. Without a crash each refresh token is sent once. After one, nobody knows what became of the request, and it is sent once more. */
inline check() {
  assert(sent[1] <= 1 + crashes && sent[2] <= 1 + crashes && (!revoked || crashes > 0) && generation <= server && !back)
}

/* Dying instead of the next step. */
#ifdef CRASH
#define orDie :: atomic { crashes < 1 -> crashes++; awaiting[me] = false; goto dead }
#else
#define orDie
#endif

proctype Process(byte me) {
  byte seen, seenVersion, claim, got;
  byte round = 0;

  do
  :: round == 2 || server > LAST -> break
  :: else ->
     /* 1: read the record. */
     atomic {
       round++;
       seen = generation;
       seenVersion = version;
       if
       :: login -> goto dead
       :: else -> skip
       fi
     };

     /* 2: while another's intent stands, wait until the record changes or the deadline has passed; not for one that is done and knows nothing. */
     if
     :: atomic { version == seenVersion && owner != 0 -> (version != seenVersion || expired || unresolved) }
     :: atomic { version != seenVersion || owner == 0 -> skip }
     fi;

     /* 4: compare-and-set: generation and version as they were read -> my intent. */
#ifdef NO_INTENT
     claim = seenVersion;
#else
     if
     orDie
     :: atomic { version != seenVersion -> goto again }
#ifdef SEPARATE
     :: version == seenVersion -> atomic { owner = me; expired = false; unresolved = false; late[me] = false; version++; claim = version }
#else
     :: atomic { version == seenVersion -> owner = me; expired = false; unresolved = false; late[me] = false; version++; claim = version }
#endif
     fi;
#endif

     if
     orDie
#ifndef NO_DEADLINE
     /* The owner's own deadline is looked at again, in the moment of sending: not sent, and the intent is withdrawn if it still stands. */
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
#else
     :: atomic {
          true ->
#endif
          /* 5: the server carries the request out. Only the first two generations are counted: more would be more states, and no more to see. */
          awaiting[me] = true;
          if
          :: seen <= 2 -> sent[seen]++
          :: else -> skip
          fi;
          if
          :: seen == server -> server++; got = server
#ifdef GRACE
          /* A provider with a grace time takes the refresh token before the last one, too. */
          :: seen + 1 == server -> server++; got = server
#endif
          :: else -> revoked = true; got = 0
          fi;
          check()
        }
     fi;

answer:
     if
     orDie
#ifdef CRASH
     /* The owner is stopped, and goes on at some time. */
     :: atomic { crashes < 1 && awaiting[me] -> crashes++; awaiting[me] = false; goto answer }
     /* The answer is lost, or comes after the timeout: the owner notes that it does not know what became of the request. */
     :: atomic {
          crashes < 1 && awaiting[me] -> crashes++; awaiting[me] = false;
          if
          :: version == claim -> unresolved = true; version++
          :: else -> skip
          fi;
          if
          :: goto again
          :: got != 0 -> goto answer /* It comes late, and is still kept. */
          fi
        }
#endif
     /* 6: compare-and-set the result, the intent cleared. Late owners repair a record of the same generation. */
     :: atomic {
          true -> awaiting[me] = false;
          if
          /* invalid_grant: a newer record means that a race was lost, otherwise only a login helps. */
          :: got == 0 && version == claim -> login = true; clear(); version++
          :: got == 0 && version != claim -> skip
#ifdef NO_GENERATION
          :: got != 0 -> back = got < generation; generation = got; clear(); version++
#else
          :: got != 0 && generation == seen -> generation = got; login = false; clear(); version++
          :: got != 0 && generation != seen -> skip
#endif
          fi;
          check()
        }
     fi;
again:
     /* What is not used again would only make more states. */
     atomic { late[me] = false; seen = 0; seenVersion = 0; claim = 0; got = 0 }
  od;
dead:
  skip
}

#ifdef EXPIRE
/* The deadline of an intent passes: never while its owner lives and waits for the server, at any other moment. */
active proctype Deadline() {
  end: do
  :: atomic { owner != 0 && !expired && !awaiting[owner] -> expired = true; late[owner] = true }
  od
}
#endif

init {
  byte number = 1;
  atomic {
    do
    :: number <= N -> run Process(number); number++
    :: else -> break
    od
  }
}
