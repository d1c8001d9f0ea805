"""`repl` with a script on its standard input."""

from place import check, scenario, until


@scenario
def scripted_repl_is_on_the_air_as_listen_is(place):
    """Without --connect too, and before any line asks for the network, it dials and receives."""
    alice, bob = place.pair()
    with bob.start("listen", "--json") as listener:
        listener.address()
        with alice.start("repl", "--json", stdin=True) as script:
            script.type("id")
            check(script.next("the identity")["peer_id"] == alice.peer, "another identity")
            # She knows Bob by the record that he gave when he joined.
            until(lambda: any(one["connected"] for one in bob.run("peers", "--json").objects), "Alice's dial")
            posted = bob.run("post", "to the script")
            check(posted.err == "stored by 1\n", f"Bob's post said {posted.err}")
            check(listener.next()["op"] == posted.out.strip(), "the listener printed something else")
            script.type("log -n 1")
            check(script.next("the log")["op"] == posted.out.strip(), "the script has something else")
            script.type("post from the script")
            op = script.next("the post")
            check(op["status"] == "stored" and op["stored_by"] == 1, f"posted {op}")
            check(listener.next()["op"] == op["op"], "the listener printed something else")
            script.process.stdin.close()
            check(script.process.wait(60) == 0, "the script failed")


@scenario
def scripted_repl_without_an_identity_goes_on_air_when_it_has_one(place):
    """The first line may make the identity."""
    home = place.bare("new")
    made = home.run("repl", stdin="keygen -q\nspace create ops\nchannel create general\npost hello\n")
    check(len(made.out.split()) >= 3, f"printed {made.out}")
    check([message["text"] for message in home.log()] == ["hello"], "nothing was posted")
    check(home.run("repl", stdin="post one\n", code=78, DESCORD_HOME=str(home.path) + "-none").out == "",
          "something was posted without an identity")


@scenario
def profile_that_does_not_exist_is_refused_with_the_known_ones(place):
    """78, and the hint lists what there is."""
    home = place.home("alice")
    home.found()
    for arguments in (["listen"], ["sync"], ["repl"]):
        refused = home.run(*arguments, "--profile", "nosuch", code=78)
        check("hint: " in refused.err and "descord" in refused.err, f"said {refused.err}")
