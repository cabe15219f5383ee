"""Rules and their findings, the same for every command.

The first digit of a rule's code is its family: BT1 settings, BT2 review, BT3 wheel, BT4 index.

To add a rule:

1. Declare it in ``rules``, with the next free code of its family.
2. Write its page ``docs/rules/CODE.md``, and write the list of all rules again:
   ``python docs/list_of_rules.py >docs/rules/README.md``.
3. Write the function that yields its findings in the folder of its family: ``checks/`` for BT1,
   ``review/`` for BT2, ``verify/checks/`` for BT3, ``index/`` for BT4. In ``checks/`` and
   ``verify/checks/``, add the function to ``CHECKS``.
4. Add cases that fire and cases that must not fire to the tests of that folder.
"""
