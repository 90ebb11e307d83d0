package mock

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// grouped writes a number with commas and from least to most decimals.
func grouped(n float64, least, most int) string {
	if math.IsNaN(n) || math.IsInf(n, 0) || math.Abs(n) >= 1e21 {
		return show(n)
	}
	text := strconv.FormatFloat(math.Abs(n), 'f', most, 64)
	whole, decimals, _ := strings.Cut(text, ".")
	for len(decimals) > least && strings.HasSuffix(decimals, "0") {
		decimals = decimals[:len(decimals)-1]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if decimals != "" {
		whole += "." + decimals
	}
	if n < 0 {
		whole = "-" + whole
	}
	return whole
}

// signs are what currencies are written with in the United States.
var signs = map[string]string{"": "$", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "CNY": "CN¥", "KRW": "₩", "CAD": "CA$", "AUD": "A$", "BRL": "R$", "MXN": "MX$"}

func money(n float64, currency string) string {
	currency = strings.ToUpper(currency)
	sign, ok := signs[currency]
	if !ok {
		sign = currency + "\u00a0"
	}
	decimals := 2
	if currency == "JPY" || currency == "KRW" {
		decimals = 0
	}
	text := sign + grouped(math.Abs(n), decimals, decimals)
	if n < 0 {
		return "-" + text
	}
	return text
}

// dateForm finds the parts of a form of dates, of which Go has others.
var (
	dateForm  = lazily(`YYYY|YY|M{1,4}|D{1,2}|d{3,4}|HH?|hh?|mm?|ss?|A|a`)
	dateParts = map[string]string{
		"YYYY": "2006", "YY": "06", "MMMM": "January", "MMM": "Jan", "MM": "01", "M": "1", "DD": "02", "D": "2", "dddd": "Monday", "ddd": "Mon",
		"HH": "15", "H": "15", "hh": "03", "h": "3", "mm": "04", "m": "4", "ss": "05", "s": "5", "A": "PM", "a": "pm",
	}
)

// dateAs writes a date, in its own zone; what is none stays as it is.
func dateAs(text, form, otherwise string) string {
	if form == "" {
		form = otherwise
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02"} {
		if at, err := time.Parse(layout, text); err == nil {
			return dateForm().ReplaceAllStringFunc(form, func(part string) string { return at.Format(dateParts[part]) })
		}
	}
	return text
}
