"""Sign-ins that end by themselves: unused for too long, or too old."""

from identity.realm import Realm
from identity.telling.logout_tokens import tell_apps

AT_ONCE = 100


def end_expired(realm: Realm) -> bool:
    """Close some sign-ins that are over and tell their apps; true if there may be more at once.

    What was allowed for use without the person, by `offline_access`, outlives the sign-in; all
    else ends with it (Back-Channel Logout §2.7). Whoever signs out themself ends both.
    """
    with realm.reading() as store:
        if not store.ends.are_over(realm.clock()):
            return False
    with realm.writing() as store:
        work = realm.work(store)
        ended = store.ends.close_over(work.now, AT_ONCE)
        if ended:
            store.ends.revoke_online(ended, work.now)
            tell_apps(work, ended)
    return len(ended) == AT_ONCE
