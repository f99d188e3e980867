package function

import (
	"math"
	"slices"

	"steady/insights/value"
)

var numeric = map[string]Function{
	"abs":      ofNumbers(1, 1, func(n []float64) float64 { return math.Abs(n[0]) }),
	"ceil":     ofNumbers(1, 1, func(n []float64) float64 { return math.Ceil(n[0]) }),
	"floor":    ofNumbers(1, 1, func(n []float64) float64 { return math.Floor(n[0]) }),
	"greatest": ofNumbers(1, -1, func(n []float64) float64 { return slices.Max(n) }),
	"least":    ofNumbers(1, -1, func(n []float64) float64 { return slices.Min(n) }),
	// "log: natural log"
	"log":       ofNumbers(1, 1, func(n []float64) float64 { return math.Log(n[0]) }),
	"sqrt":      ofNumbers(1, 1, func(n []float64) float64 { return math.Sqrt(n[0]) }),
	"round":     ofNumbers(1, 2, round),
	"haversine": ofNumbers(4, 4, haversine),
	"tonumber":  keepingDigits(func(n float64) float64 { return n }),
	"todouble":  ofNumbers(1, 1, func(n []float64) float64 { return n[0] }),
	"toint":     keepingDigits(math.Trunc),
	"tolong":    keepingDigits(math.Trunc),
}

// keepingDigits makes a function that loses no digit of a whole number, however large.
func keepingDigits(f func(float64) float64) Function {
	return Function{Min: 1, Max: 1, Call: func(args []value.Value) value.Value {
		n, ok := args[0].Number()
		if !ok {
			return value.Value{}
		}
		return value.OfWritten(args[0].String(), f(n))
	}}
}

// round rounds half away from zero, to as many decimals as the second argument says.
func round(n []float64) float64 {
	if len(n) == 1 {
		return math.Round(n[0])
	}
	scale := math.Pow(10, math.Trunc(n[1]))
	return math.Round(n[0]*scale) / scale
}

// haversine is the distance in km between two places, given as latitude and longitude
// in degrees.
func haversine(n []float64) float64 {
	const earth, degree = 6371, math.Pi / 180
	lat1, lon1, lat2, lon2 := n[0]*degree, n[1]*degree, n[2]*degree, n[3]*degree
	half := func(x float64) float64 { s := math.Sin(x / 2); return s * s }
	a := half(lat2-lat1) + math.Cos(lat1)*math.Cos(lat2)*half(lon2-lon1)
	return 2 * earth * math.Asin(math.Min(1, math.Sqrt(a)))
}

// Finite is a number, or missing where the computation has no result.
func Finite(n float64) value.Value {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return value.Value{}
	}
	return value.OfNumber(n)
}

// Arithmetic computes a + - * / % or ^. What is divided by zero has no result.
func Arithmetic(op string) Func {
	var f func(a, b float64) float64
	switch op {
	case "+":
		f = func(a, b float64) float64 { return a + b }
	case "-":
		f = func(a, b float64) float64 { return a - b }
	case "*":
		f = func(a, b float64) float64 { return a * b }
	case "/":
		f = func(a, b float64) float64 { return a / b }
	case "%":
		f = math.Mod
	default:
		f = math.Pow
	}
	return func(args []value.Value) value.Value {
		a, ok := args[0].Number()
		b, also := args[1].Number()
		if !ok || !also {
			return value.Value{}
		}
		return Finite(f(a, b))
	}
}
