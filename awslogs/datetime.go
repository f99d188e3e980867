package awslogs

//lint:file-ignore ST1005 These errors are AWS's own texts, which callers see as they are.

import (
	"fmt"
	"regexp"
	"strings"
)

// directives are those of strftime that awslogs-datetime-format knows, each as an
// expression for its texts.
var directives = map[byte]string{
	'A': "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)",
	'a': "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)",
	'B': "(?:January|February|March|April|May|June|July|August|September|October|November|December)",
	'b': "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)",
	'd': "(?:0[1-9]|[12][0-9]|3[01])",
	'f': "[0-9]{6}",
	'H': "(?:[01][0-9]|2[0-3])",
	'I': "(?:0[1-9]|1[0-2])",
	'j': "(?:00[1-9]|0[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-6])",
	'L': `\.[0-9]{3}`, // with its point, as awslogs has it
	'M': "[0-5][0-9]",
	'm': "(?:0[1-9]|1[0-2])",
	'p': "(?:AM|PM)",
	'S': "(?:[0-5][0-9]|60)",
	'w': "[0-6]",
	'Y': "[0-9]{4}",
	'y': "[0-9]{2}",
	'Z': "(?:[A-Z]{1,4}T|UTC)",
	'z': `[+-][0-9]{4}`,
	'%': "%",
}

// datetimeFormat makes the expression for an event's first line: one that has a time of
// this form anywhere.
func datetimeFormat(o *Options, name, format string) error {
	var e strings.Builder
	text := 0 // where the plain text began that is not written yet
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		e.WriteString(regexp.QuoteMeta(format[text:i]))
		if i++; i == len(format) || directives[format[i]] == "" {
			return fmt.Errorf("Log driver awslogs option '%s' should be in strftime format: %q is no directive of it", name, format[i-1:min(i+1, len(format))])
		}
		e.WriteString(directives[format[i]])
		text = i + 1
	}
	e.WriteString(regexp.QuoteMeta(format[text:]))
	if e.Len() == 0 {
		return fmt.Errorf("Log driver awslogs option '%s' should not be null or empty.", name)
	}
	var err error
	if o.Start, err = regexp.Compile(e.String()); err != nil { // as in text that is not UTF-8
		return fmt.Errorf("Log driver awslogs option '%s' should be in strftime format: %q is not", name, format)
	}
	return nil
}
