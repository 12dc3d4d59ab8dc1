/*
 * The refresh transaction of packages/core/src/refresh.ts: N processes share one rotating refresh token through one store.
 *
 * The server accepts each generation's refresh token once (strict rotation without grace): a second use revokes the family.
 * The store is linearizable; a compare-and-set is one atomic step. A version is modelled by the counter `version`.
 *
 * What may happen at any moment: an intent's deadline passes (EXPIRE) unless its owner lives and waits for the server's answer, which its
 * own timeout ends earlier; once, at any step, a process dies, or is stopped for any time while it waits for the server, or the server's
 * answer is lost or comes after the timeout (CRASH). A process that is stopped at any other step is one that is slow, as each may be. It is an
 * orphan, if its token request was sent and its result is not stored.
 *
 * Also at any moment, each process may be
 * - closed (CLOSE): it writes no other intent, and goes on to the result of the one that it has;
 * - frozen and thawed before others lose patience (FREEZE): its own timers are overdue, and an answer that has arrived is believed first.
 * - unable to write an answer that it has, because the store takes no writes (STUCK): it succeeds at the latest while somebody who takes over from
 *   it announces that, and waits.
 * Once, instead of a crash, a runtime drops the task that refreshes, and its process goes on with another caller (DROP), or the store says that the
 * owner of an intent is gone, which lives (WRONG). GONE is a store that says so of those that died: nobody waits for their deadline.
 *
 * GRACE is a provider that takes the refresh token before the last one, too.
 *
 * Mutants, which have to fail: NO_INTENT (the token request is sent without a note), SEPARATE (the note is checked in one step and written
 * in another), NO_GENERATION (the result is written whatever stands there), NO_DEADLINE (the owner doesn't look at its own deadline before sending),
 * NO_WAIT (who is closed doesn't wait for its answer), IMPATIENT (who was thawed believes its overdue timer before the answer that has arrived),
 * HASTY (an owner that is only silent is taken over from at once, or by one who was frozen itself, and counts that time), LONG_SEEN (an owner is
 * silent since its name was first seen, though it has written another intent since), NO_ANNOUNCEMENT (who takes over from a silent owner sends at
 * once), ONCE (a takeover that ended before it had sent, and so perhaps before its announcement was over, is taken over without another one).
 */
#ifndef N
#define N 3
#endif
#ifndef LAST
#define LAST 2 /* generations that the server gives at most */
#endif
#ifndef CRASHES
#define CRASHES 1
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
bool gone[N + 1];         /* a process that has died, as a store may know */
byte sent[3];             /* how often each generation's refresh token was sent */
byte crashes = 0;
byte orphans = 0;         /* token requests that were sent and whose owner died, was dropped, was stopped or called gone, or whose answer was lost */
#ifdef STUCK
bool doubtful = false;    /* that intent stands in the place of another owner's, whose request may have been sent */
byte stuck = 0;           /* a living process that has an answer which the store does not take */
#endif
#ifdef LONG_SEEN
bool silent[N + 1];
#endif

inline clear() {
  owner = 0; expired = false; unresolved = false;
#ifdef STUCK
  doubtful = false
#endif
}

inline claimed() {
#ifdef STUCK
  doubtful = owner != 0;
  unsent = false;
#endif
  owner = me; expired = false; unresolved = false; late[me] = false; version++; claim = version
}

/* What must always hold. Each refresh token is sent once, and once more for each orphan, of which nobody knows what became of it. */
inline check() {
  assert(sent[1] <= 1 + orphans && sent[2] <= 1 + orphans && (!revoked || orphans > 0) && generation <= server && !back)
}

/* A process acts no more. Only a token request that it has under way leaves a doubt. */
inline leave() {
  crashes++;
  orphans = orphans + awaiting[me];
  awaiting[me] = false;
#ifdef STUCK
  if
  :: stuck == me -> stuck = 0; orphans++
  :: else -> skip
  fi
#endif
}

/* What may happen instead of the next step. */
#ifdef CRASH
#define orDie :: atomic { crashes < CRASHES -> leave(); gone[me] = true; goto ended }
#else
#define orDie
#endif
#ifdef DROP
#define orBeDropped :: atomic { crashes < CRASHES -> leave(); goto again }
#else
#define orBeDropped
#endif
#ifdef CLOSE
#define orBeClosed :: atomic { true -> goto ended }
#else
#define orBeClosed
#endif

/* Why a process stops waiting for the owner of an intent, besides a change of the record. */
#ifdef GONE
#define isKnownToBeGone :: gone[owner]
#else
#define isKnownToBeGone
#endif
#ifdef WRONG
#define isWronglyCalledGone :: version == seenVersion && crashes < CRASHES -> crashes++; orphans++
#else
#define isWronglyCalledGone
#endif

proctype Process(byte me) {
  byte seen, seenVersion, claim, got;
  byte round = 0;
#ifdef STUCK
  bool announces, unsent;
#endif

  do
  :: round == 2 || server > LAST -> break
  :: else ->
     /* 1: read the record. */
     atomic {
       round++;
       seen = generation;
       seenVersion = version;
       if
       :: login -> goto ended
       :: else -> skip
       fi
     };

     /* 2: while another's intent stands, wait until the record changes or the deadline has passed; not for one that is done and knows nothing. */
     if
     :: atomic {
          version == seenVersion && owner != 0 ->
          if
          :: version != seenVersion || unresolved
#ifdef HASTY
          :: true
#endif
#ifdef LONG_SEEN
          :: silent[owner]
#endif
#ifdef STUCK
          :: expired -> announces = true
          :: owner == me && unsent
#else
          :: expired
#endif
          isKnownToBeGone
          isWronglyCalledGone
          orBeClosed
          fi;
#if defined(STUCK) && !defined(ONCE)
          announces = announces || (doubtful && !unresolved)
#endif
        }
     :: atomic { version != seenVersion || owner == 0 -> skip }
     fi;

     /* 4: compare-and-set: generation and version as they were read -> my intent. */
#ifdef NO_INTENT
     claim = seenVersion;
#else
     if
     orDie
     orBeClosed
     :: atomic { version != seenVersion -> goto again }
#ifdef SEPARATE
     :: version == seenVersion -> atomic { claimed() }
#else
     :: atomic { version == seenVersion -> claimed() }
#endif
     fi;
#endif

#if defined(STUCK) && !defined(NO_ANNOUNCEMENT)
     /* Over a silent owner's intent it is an announcement at first, in which that one writes its answer. It ends early if the store fails. */
     if
     :: announces ->
        if
        orDie
        orBeDropped
        :: atomic { version != claim -> goto again }
        :: atomic { version == claim && stuck == 0 -> skip }
        :: atomic { true -> unsent = true; goto again }
        fi
     :: else -> skip
     fi;
#endif

     if
     orDie
     orBeDropped
#ifndef NO_DEADLINE
     /* The owner's own deadline is looked at again, in the moment of sending: not sent, and the intent is withdrawn if it still stands. */
     :: atomic {
#ifdef FREEZE
          true ->
#else
          late[me] ->
#endif
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
     orBeDropped
#ifdef STUCK
     :: atomic { got != 0 && stuck == 0 && awaiting[me] -> awaiting[me] = false; stuck = me; goto answer }
#endif
#ifdef NO_WAIT
     :: atomic { awaiting[me] -> awaiting[me] = false; goto ended }
#endif
#ifdef IMPATIENT
     :: atomic {
          awaiting[me] -> awaiting[me] = false;
          if
          :: version == claim -> unresolved = true; version++
          :: else -> skip
          fi;
          goto again
        }
#endif
#ifdef CRASH
     /* The owner is stopped, and goes on at some time. */
     :: atomic { crashes < CRASHES && awaiting[me] -> leave(); goto answer }
     /* The answer is lost, or comes after the timeout: the owner notes that it does not know what became of the request. */
     :: atomic {
          crashes < CRASHES && awaiting[me] -> leave();
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
#ifdef STUCK
          if
          :: stuck == me -> stuck = 0
          :: else -> skip
          fi;
#endif
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
     atomic {
       late[me] = false; seen = 0; seenVersion = 0; claim = 0; got = 0;
#ifdef STUCK
       announces = false
#endif
     }
  od;
ended:
  skip
}

#ifdef EXPIRE
/* The deadline of an intent passes: never while its owner lives and waits for the server, at any other moment. */
active proctype Deadline() {
  end: do
  :: atomic {
       owner != 0 && !expired && !awaiting[owner] -> expired = true; late[owner] = true
#ifdef LONG_SEEN
       silent[owner] = true
#endif
     }
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
