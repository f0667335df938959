from django.apps import AppConfig


class ProposalsConfig(AppConfig):
    name = "proposals"
    label = "proposals"
    verbose_name = "提案"

    def ready(self) -> None:
        from members import audit_words, succession
        from members.rights import register
        from proposals import batches, desk, handed_down, many, menu, notices, papers, rights, similar, volume
        from proposals.actions.publishing import open_after_replies
        from proposals.actions.succeeding import follow_succession
        from proposals.handling import events, owners
        from proposals.handling.models import Kind
        from proposals.owner import ProposalOwner
        from proposals.verbs import VERBS

        succession.register(follow_succession)
        owners.register(Kind.PROPOSAL, ProposalOwner(replied=open_after_replies))
        events.register(VERBS)
        register("proposals", {action: frozenset(right.by) for action, right in rights.RIGHTS.items()})
        audit_words.name(rights.AUDITED)
        notices.register()
        menu.register()
        desk.register()
        papers.register()
        batches.register()
        many.register()
        volume.register()
        handed_down.register()
        similar.register()
