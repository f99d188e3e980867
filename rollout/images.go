package rollout

import "steady/model"

// resolveImages notes the images that the first task of the primary deployment
// found: "the first task resolves the image digests, and all tasks of the
// deployment use them".
func (d *decision) resolveImages() {
	p := d.service.Primary()
	if p == nil || p.Images != nil || !d.ResolveImages {
		return
	}
	for t := range d.tasksOf(p.ID) {
		if images := resolved(t); images != nil {
			d.edit().Primary().Images = images
			return
		}
	}
}

// resolved are the images of a task, or nil while one of them is not known.
func resolved(t *model.Task) []model.Image {
	var images []model.Image
	for _, c := range t.Containers {
		if c.Digest == "" {
			return nil
		}
		images = append(images, model.Image{Container: c.Name, Digest: c.Digest})
	}
	return images
}

// attemptsToResolve is how often a deployment's images are looked for one task at a
// time: "after 3 failed attempts it continues unresolved".
const attemptsToResolve = 3

// resolving tells whether a deployment still waits for its first task to resolve
// its images: until then there is only that one.
func (d *decision) resolving(x model.Deployment) bool {
	if !d.ResolveImages || x.Images != nil || x.Rollout != model.InProgress {
		return false
	}
	return d.failures(&x).failed < attemptsToResolve
}
