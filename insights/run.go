package insights

import (
	"context"
	"fmt"
	"slices"

	"steady/insights/column"
	"steady/insights/function"
	"steady/insights/step"
	"steady/scan"
)

// Run runs the query to its end, which may be an error: of the source, of ctx, or a
// *MemoryError.
func (x *Execution) Run(ctx context.Context) error {
	p, err := x.compile()
	if err != nil {
		return err
	}
	return x.run(ctx, p)
}

func (x *Execution) run(ctx context.Context, p *plan) error {
	groups, err := x.groups()
	if err != nil {
		return err
	}
	for _, prepare := range p.prepare {
		if err := prepare(ctx); err != nil {
			return err
		}
	}
	x.begin(p, len(groups))
	return x.scan(ctx, p, groups)
}

func (x *Execution) compile() (*plan, error) {
	p, err := newCompiler(x.q.Text, function.Query{Now: x.in.Now, From: x.in.From, To: x.in.To}, x).compile(x.q)
	if err != nil {
		return nil, err
	}
	if !p.limited {
		p.cut(x.in.Limit)
	}
	return p, nil
}

// cut limits the last stage's rows.
func (p *plan) cut(limit int) {
	last := p.stages[len(p.stages)-1]
	if len(p.stages) == 1 && len(last.whole) == 0 && last.limit == 0 {
		last.limit = limit
		return
	}
	last.whole = append(last.whole, step.Limit(limit))
}

// groups are the log groups to scan.
func (x *Execution) groups() ([]string, error) {
	if len(x.q.Sources) == 0 {
		return x.in.Groups, nil
	}
	var groups []string
	for _, s := range x.q.Sources {
		if x.in.Resolve == nil {
			return nil, fmt.Errorf("%s cannot be used here: nothing can tell its log groups", s)
		}
		some, err := x.in.Resolve(s)
		if err != nil {
			return nil, fmt.Errorf("find the log groups of %s: %w", s, err)
		}
		groups = append(groups, some...)
	}
	slices.Sort(groups)
	return slices.Compact(groups), nil
}

func (x *Execution) begin(p *plan, groups int) {
	x.mu.Lock()
	x.statistics.LogGroupsScanned += float64(groups)
	x.mu.Unlock()
	x.plan = p
	first := p.stages[0]
	if first.reduce != nil && !first.space.collected {
		x.sink = first.reduce.sink()
		return
	}
	x.sink = first.collector()
}

func (s *stage) collector() *collector {
	c := &collector{space: s.space, order: s.order, keys: s.keys, limit: s.limit}
	for i := range s.space.needed {
		if s.space.source(i) != scan.Timestamp { // kept as it is
			c.slots = append(c.slots, i)
		}
	}
	slices.Sort(c.slots)
	return c
}

func (x *Execution) scan(ctx context.Context, p *plan, groups []string) error {
	request := scan.Request{Groups: groups, From: p.from, To: p.to, Fields: p.stages[0].space.fields(),
		AllFields: p.allFields, Where: p.where}
	if c, is := x.sink.(*collector); is {
		request.Order = c.scanOrder()
	}
	if p.from > p.to || len(groups) == 0 {
		return nil
	}
	for block, err := range x.src.Scan(ctx, request) {
		if err != nil {
			return fmt.Errorf("scan %d log groups: %w", len(groups), err)
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("run the query: %w", err)
		}
		if done, err := x.take(p, block); done || err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("run the query: %w", err)
	}
	return nil
}

// take does a block's work; done says that no later block can change the result.
func (x *Execution) take(p *plan, block *scan.Block) (done bool, err error) {
	f := column.OfBlock(p.stages[0].space.layout, block)
	for _, s := range p.stages[0].stream {
		if f, err = s.Apply(f); err != nil {
			return false, err
		}
	}
	x.count(block.Work, f.N)
	x.sink.add(f)
	if x.sink.size() > x.in.MaxMemory {
		return false, &MemoryError{x.in.MaxMemory}
	}
	x.show()
	c, is := x.sink.(*collector)
	return is && c.enough(block.Bound), nil
}

func (x *Execution) count(w scan.Work, matched int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := &x.statistics
	s.RecordsMatched += float64(matched)
	s.RecordsScanned += float64(w.Records)
	s.BytesScanned += float64(w.Bytes)
	s.EstimatedRecordsSkipped += float64(w.SkippedRecords)
	s.EstimatedBytesSkipped += float64(w.SkippedBytes)
}

// Result is what the query came to. It is called behind Run, which may have failed: then
// it is what the query had come to.
func (x *Execution) Result() (*Result, error) {
	r := &Result{}
	if x.sink != nil {
		f, err := x.finish()
		if err != nil {
			return nil, err
		}
		x.plan.render(f, r)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	r.Statistics = x.statistics
	return r, nil
}

// finish does all that comes behind the scan.
func (x *Execution) finish() (*column.Frame, error) {
	f := x.sink.finish()
	for i, s := range x.plan.stages {
		var err error
		if i > 0 {
			if f, err = applied(f, s.stream); err != nil {
				return nil, err
			}
		}
		if f, err = applied(f, s.whole); err != nil {
			return nil, err
		}
		if _, reduced := x.sink.(*collector); s.reduce == nil || i == 0 && !reduced {
			continue
		}
		k := s.reduce.sink()
		k.add(f)
		if k.size() > x.in.MaxMemory {
			return nil, &MemoryError{x.in.MaxMemory}
		}
		f = k.finish()
	}
	return f, nil
}

func applied(f *column.Frame, steps []step.Step) (*column.Frame, error) {
	var err error
	for _, s := range steps {
		if f, err = s.Apply(f); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// render writes the rows of a result: "missing fields are omitted".
func (p *plan) render(f *column.Frame, r *Result) {
	vectors := make([]*column.Vector, len(p.shown))
	for i, c := range p.shown {
		r.Columns = append(r.Columns, c.name)
		vectors[i] = f.Col(c.slot)
	}
	r.Rows = make([][]Field, f.N)
	for row := range f.N {
		for i, v := range vectors {
			if x := v.At(row); !x.IsMissing() {
				r.Rows[row] = append(r.Rows[row], Field{r.Columns[i], x.String()})
			}
		}
		if p.ptr >= 0 {
			if x := f.Col(p.ptr).At(row); !x.IsMissing() {
				r.Rows[row] = append(r.Rows[row], Field{scan.Ptr, x.String()})
			}
		}
	}
}
