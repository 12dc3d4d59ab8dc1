/*
 * The refresh transaction of packages/core/src/refresh.ts: N processes share one rotating refresh token through one store.
 *
 * The server accepts each generation's refresh token once (strict rotation without grace): a second use revokes the family.
 * The store is linearizable; a compare-and-set is one atomic step. A version is modelled by the counter `version`.
 *
 * What may happen at any moment: an intent's deadline passes (EXPIRE) unless its owner lives and waits for the server's answer, which its
 * own timeout ends earlier; one process dies, or is stopped for any time and goes on, at any step (CRASH).
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
bool back = false;        /* a newer token set in the store was overwritten by an older one */
bool login = false;       /* the store says that only a login helps */
bool late[N + 1];         /* a process whose own clock says that its intent's deadline has passed */
bool awaiting[N + 1];     /* a process that lives and has a token request under way */
byte sent[LAST + N + N + 2];  /* how often each generation's refresh token was sent */
byte crashes = 0;

inline maybeCrash() {
#ifdef CRASH
  if
  :: atomic { crashes < 1 -> crashes++; awaiting[me] = false; goto dead }
  :: atomic { crashes < 1 -> crashes++; awaiting[me] = false }
  :: true
  fi
#else
  skip
#endif
}

proctype Process(byte me) {
  byte seen, seenVersion, claim, got;
  byte round = 0;

  do
  :: round == 2 || server > LAST -> break
  :: else ->
     round++;
     /* 1: read the record. */
     atomic {
       seen = generation;
       seenVersion = version;
       if
       :: login -> goto dead
       :: else -> skip
       fi
     };
     maybeCrash();

     /* 2: while another's intent stands, wait until the record changes or the deadline has passed. */
     if
     :: atomic { version == seenVersion && owner != 0 -> (version != seenVersion || expired) }
     :: atomic { version != seenVersion || owner == 0 -> skip }
     fi;
     maybeCrash();

     /* 4: compare-and-set: generation and version as they were read -> my intent. */
#ifdef NO_INTENT
     claim = seenVersion;
#else
#ifdef SEPARATE
     if
     :: version != seenVersion -> goto again
     :: else -> skip
     fi;
     atomic { owner = me; expired = false; late[me] = false; version++; claim = version };
#else
     atomic {
       if
       :: version != seenVersion -> goto again
       :: else -> owner = me; expired = false; late[me] = false; version++; claim = version
       fi
     };
#endif
#endif
     maybeCrash();

     /* The owner's own deadline is looked at again, in the moment of sending; 5: the server carries the request out. */
     atomic {
#ifndef NO_DEADLINE
       if
       :: late[me] -> goto giveUp
       :: else -> skip
       fi;
#endif
       awaiting[me] = true;
       sent[seen]++;
       if
       :: seen == server -> server++; got = server
#ifdef GRACE
       /* A provider with a grace time takes the refresh token before the last one, too. */
       :: seen + 1 == server -> server++; got = server
#endif
       :: else -> revoked = true; got = 0
       fi
     };
     maybeCrash();

     /* 6: compare-and-set the result, the intent cleared. Late owners repair a record of the same generation. */
     atomic {
       awaiting[me] = false;
       if
       /* invalid_grant: a newer record means that a race was lost, otherwise only a login helps. */
       :: got == 0 && version == claim -> login = true; owner = 0; version++
       :: got == 0 && version != claim -> skip
#ifdef NO_GENERATION
       :: got != 0 -> back = got < generation; generation = got; owner = 0; version++
#else
       :: got != 0 && generation == seen -> generation = got; owner = 0; version++
       :: got != 0 && generation != seen -> skip
#endif
       fi
     };
     goto again;

giveUp:
     /* Not sent: the intent is withdrawn if it still stands. */
     atomic {
       if
       :: version == claim -> owner = 0; version++
       :: else -> skip
       fi
     };
again:
     skip
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

/* Without a crash each refresh token is sent once. After one, nobody knows what became of the request, and it is sent once more. */
#define once(g) (sent[g] <= 1 + crashes)
ltl safe { [] (once(1) && once(2) && (revoked -> crashes > 0) && generation <= server && !back) }
