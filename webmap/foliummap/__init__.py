"""Maps as one HTML file, by folium: for reports, mail and notebooks. Opens without any network."""
