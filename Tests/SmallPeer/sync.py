import hashlib
def blinded(space, initiator, responder, nonce):
    return hashlib.sha256(b"descord-sync-v1" + space + initiator + responder + nonce).digest()
