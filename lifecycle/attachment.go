package lifecycle

import (
	"slices"

	"steady/model"
)

// observeAttachments merges what was seen of the task's network interfaces. An interface
// only moves forward, and keeps its addresses when it is gone: "who had this address" is
// asked later.
func observeAttachments(n *model.Task, seen []model.Attachment) (told bool) {
	n.Attachments = slices.Clone(n.Attachments)
	for _, s := range seen {
		i := slices.IndexFunc(n.Attachments, func(a model.Attachment) bool { return a.ID == s.ID })
		if i >= 0 {
			told = mergeAttachment(&n.Attachments[i], s) || told
		}
	}
	return told
}

func mergeAttachment(a *model.Attachment, s model.Attachment) bool {
	before := *a
	if a.Status.CanBecome(s.Status) {
		a.Status = s.Status
	}
	for _, d := range []struct{ into, seen *string }{
		{&a.Interface, &s.Interface}, {&a.MAC, &s.MAC}, {&a.PrivateDNSName, &s.PrivateDNSName}, {&a.Address, &s.Address}, {&a.Holder, &s.Holder},
	} {
		if *d.seen != "" {
			*d.into = *d.seen
		}
	}
	return *a != before
}
